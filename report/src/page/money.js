function money() {
  const box = el("section", { id: "money" }, el("h2", {}, "The money"),
    el("p", { class: "lead" }, "Every claim posts a bond; the deeper, the dearer. Whoever counters a claim wins its bond, and claims that stand get theirs back: telling the truth costs nothing, lying pays the other side."));
  const body = el("tbody");
  const most = R.accounts.reduce((m, a) => { const v = Number(BigInt(a.posted) / 10n ** 12n); return v > m ? v : m; }, 1);
  for (const a of R.accounts) {
    const net = BigInt(a.won) + BigInt(a.open) - BigInt(a.posted);
    const share = Math.min(100, 100 * Number(BigInt(a.posted) / 10n ** 12n) / most);
    body.append(el("tr", {},
      el("td", {}, el("b", {}, a.name), " ", a.role === "unknown" ? "" : el("span", { class: "tag " + roleClass[a.role] }, a.role), el("code", { class: "dim address" }, a.address), a.bonds && !["posted", "none"].includes(a.bonds.state) ? el("div", { class: "dim" }, a.bonds.words) : ""),
      el("td", { class: "n", "data-label": "claims" }, String(a.claims)),
      el("td", { class: "n", "data-label": "posted, ETH" }, ether(a.posted), el("div", { class: "bar" }, el("i", { style: `width:${share}%` }))),
      el("td", { class: "n", "data-label": "won or back" }, ether(a.won)),
      el("td", { class: "n", "data-label": "undecided" }, ether(a.open)),
      el("td", { class: "n", "data-label": "paid out" }, ether(a.paid)),
      el("td", { "data-label": "net", class: "n " + (net > 0n ? "plus" : net < 0n ? "minus" : "") }, (net > 0n ? "+" : "") + ether(net))));
  }
  box.append(el("div", { class: "scroll" }, el("table", { class: "stack" }, el("thead", {}, el("tr", {}, el("th", {}, "account"), el("th", { class: "n" }, "claims"), el("th", { class: "n" }, "posted, ETH"), el("th", { class: "n" }, "won or back"), el("th", { class: "n" }, "undecided"), el("th", { class: "n" }, "paid out"), el("th", { class: "n" }, "net"))), body)));
  page.append(box);
}
function facts() {
  const p = R.proposal, list = el("dl");
  const add = (term, ...what) => list.append(el("dt", {}, term), el("dd", {}, ...what));
  add("proposed", el("code", {}, p.root), p.isSuper ? ` at timestamp ${p.block}` : ` for L2 block ${thousands(p.block)}`);
  if (p.truth !== null && p.truth !== p.root) add("true there", el("code", {}, p.truth));
  if (isPlayed) add("starting from", el("code", {}, p.startingRoot), p.isSuper ? ` at timestamp ${p.startingBlock}` : ` of L2 block ${thousands(p.startingBlock)}`);
  add("L1 head", el("code", {}, p.l1Head));
  if (isPlayed) add("first VM state", el("code", {}, R.rules.absolutePrestate));
  add("game type", String(R.rules.gameType));
  if (isPlayed) add("depths", `claims down to ${R.rules.maxDepth}; ${p.isSuper ? "super roots" : "output roots"} down to ${R.rules.splitDepth}`);
  if (isPlayed) add("clocks", `${span(R.rules.maxClockDuration)} a side, at least ${span(R.rules.clockExtension)} left after a move`);
  add("created", new Date(R.createdAt * 1000).toISOString());
  page.append(el("section", { id: "facts" }, el("h2", {}, "Facts"), list));
}
