// What a move means, for those who read it for the first time.
function sentence(event, claim) {
  if (event.kind !== "move") return "";
  const reason = because(claim);
  return el("div", { class: "because" }, reason ? reason + " " : "", `At most ${inDispute(claim)} ${inDispute(claim).startsWith("one ") ? "is" : "are"} left in dispute.`);
}
// A line for each account, with a mark for each thing that it did.
function lanesOfTime() {
  const length = Math.max(1, R.now - R.createdAt), box = el("div", { class: "lanes-of-time", role: "img", "aria-label": "who acted when" });
  const at = time => `left:${(100 * Math.min(1, Math.max(0, (time - R.createdAt) / length))).toFixed(2)}%`;
  for (const a of R.accounts) {
    const line = el("div", { class: "time-line" });
    for (const e of R.events) {
      if (e.by !== a.address || e.kind === "refused" || e.kind === "load") continue;
      const isMove = e.kind === "move" || e.kind === "create";
      line.append(el("i", { class: `mark ${e.kind} ${isMove ? "i-" + verdict(R.claims[e.claim]) : ""}`, style: at(e.at) }));
    }
    box.append(el("div", { class: "time-name" }, a.name), line);
  }
  const scale = el("div", { class: "time-scale" });
  for (let n = 0; n <= 4; n++) scale.append(el("span", {}, "+" + span(Math.round(length * n / 4))));
  box.append(el("div", {}), scale);
  return box;
}
function timeline() {
  const box = el("section", { id: "timeline" }, el("h2", {}, "The timeline"),
    el("p", { class: "lead" }, `Each side has ${span(R.rules.maxClockDuration)} in all, like in chess: its clock runs while an answer is up to it. A claim is settled when the clock of those who could answer it has run out.`));
  box.append(lanesOfTime());
  const count = kind => R.events.filter(e => e.kind === kind).length;
  const kinds = ["refused", "load"].filter(kind => count(kind) > 0);
  const body = el("tbody");
  const hidden = new Set(kinds.filter(kind => count(kind) > 20));
  const fill = () => {
    body.replaceChildren();
    R.events.forEach(e => {
      if (hidden.has(e.kind)) return;
      const claim = e.claim === null ? null : R.claims[e.claim];
      const isMove = e.kind === "move";
      const share = isMove ? Math.min(100, 100 * claim.used / R.rules.maxClockDuration) : 0;
      const bar = isMove ? el("div", { class: "bar" + (share > 75 ? " hot" : ""), title: `${span(claim.used)} used` }, el("i", { style: `width:${share}%` })) : "";
      body.append(el("tr", {}, el("td", { class: "n dim when" }, "+" + span(Math.max(0, e.at - R.createdAt))),
        el("td", {}, el("b", {}, e.by ? name(e.by) : "")),
        el("td", { class: "what" }, counted(e.text) + (isMove || e.kind === "create" ? ": " + counted(claim.about) : "") + " ",
          isMove ? el("a", { href: "#claim-" + e.claim, class: "dim" }, "#" + e.claim) : "", sentence(e, claim)),
        el("td", { class: "used" }, bar)));
    });
  };
  for (const kind of kinds) {
    const input = el("input", { type: "checkbox" });
    input.checked = !hidden.has(kind);
    input.addEventListener("change", () => { input.checked ? hidden.delete(kind) : hidden.add(kind); fill(); });
    box.append(el("label", {}, input, kind === "refused" ? " refused calls " : " data loaded for steps "));
  }
  fill();
  box.append(el("div", { class: "events scroll" }, el("table", { class: "stack" }, el("thead", {}, el("tr", {}, el("th", { class: "n" }, "after"), el("th", {}, "who"), el("th", {}, "what"), el("th", {}, "its side's clock"))), body)));
  page.append(box);
}
