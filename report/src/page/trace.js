// The trace of a super game: 128 steps for each second, and which of them the claims of the upper half are about.
const STEPS = 128;
function stepIs(step) {
  const chains = R.proposal.chains;
  if (step === 0) return "the super root, once the messages between chains are checked";
  return step <= chains ? `the block of chain ${step} of ${chains}` : "no chain: nothing but the count of steps";
}
function superTrace() {
  const p = R.proposal, claims = R.claims.map((c, i) => [c, i]).filter(([c]) => c.place);
  if (!p.isSuper || !claims.length) return;
  const start = Number(p.startingBlock), end = Number(p.block), seconds = Math.max(1, end - start);
  const x = ({ timestamp, step }) => 4 + 92 * Math.min(1, Math.max(0, (timestamp - start + step / STEPS) / seconds));
  const row = 18, top = 26, height = top + row * claims.length + 6, percent = value => value.toFixed(3) + "%";
  const drawing = svg("svg", { height, width: "100%", role: "img", "aria-label": "which steps the claims are about" });
  const every = Math.max(1, Math.ceil(seconds / 8));
  for (let second = 0; second <= seconds; second += every) {
    const at = percent(x({ timestamp: start + second, step: 0 })), text = svg("text", { x: at, y: 12, "text-anchor": "middle", class: "tick" });
    text.append(String(start + second));
    drawing.append(branch(at, top - 8, at, height), text);
  }
  // What is still in dispute at each claim lies between the states next to it that its side or the other has claimed.
  claims.forEach(([c, i], n) => {
    const y = top + row * n + row / 2, kind = verdict(c);
    const title = svg("title", {});
    title.append(`#${i}: ${c.about}: ${stepIs(c.place.step)}`);
    const before = claims.slice(0, n).map(([other]) => x(other.place)), here = x(c.place);
    const low = Math.max(x({ timestamp: start, step: 0 }), ...before.filter(at => at < here));
    drawing.append(svg("line", { x1: percent(low), y1: y, x2: percent(here), y2: y, stroke: color[kind], "stroke-width": 2, opacity: 0.4 }));
    drawing.append(svg("circle", { cx: percent(here), cy: y, r: 5, fill: color[kind], class: "at-step" }, title));
  });
  page.append(el("section", { id: "trace" }, el("h2", {}, "The trace"),
    el("p", { class: "lead" }, `From each second to the next there are ${STEPS} steps: one for each of the ${p.chains === 1 ? "chains (here one)" : p.chains + " chains"}, then steps that only count, and at the last the messages between the chains are checked, which gives the next super root. A line for each claim about them, the proposal first, from the last place that was claimed before it to its own.`),
    el("div", { class: "scroll" }, drawing)));
}
