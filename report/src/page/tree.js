// Rows of the tree: the largest branch of each claim goes on in its lane, the others turn off before.
function layout() {
  const children = R.claims.map(() => []);
  R.claims.forEach((c, i) => { if (c.parent !== null) children[c.parent].push(i); });
  const size = R.claims.map(() => 1);
  for (let i = R.claims.length - 1; i > 0; i--) size[R.claims[i].parent] += size[i];
  const rows = [], lane = R.claims.map(() => 0);
  const stack = [0];
  while (stack.length) {
    const i = stack.pop();
    rows.push(i);
    const order = children[i].slice().sort((a, b) => size[a] - size[b] || b - a);
    const heavy = order[order.length - 1];
    for (const child of order) lane[child] = lane[i] + (child === heavy ? 0 : 1);
    for (const child of order.reverse()) stack.push(child);
  }
  // A lane is open between a claim and its last row below in that lane.
  const place = new Map(rows.map((claim, row) => [claim, row]));
  const open = rows.map(() => new Set());
  R.claims.forEach((c, i) => {
    if (c.parent === null) return;
    for (let row = place.get(c.parent) + 1; row < place.get(i); row++) open[row].add(lane[c.parent]);
  });
  return { rows, lane, open, children };
}
// Narrow screens and wide trees get narrow lanes.
const laneWidth = lanes => lanes > 12 ? 7 : lanes > 5 || matchMedia("(max-width: 40rem)").matches ? 10 : 16;
const branch = (x1, y1, x2, y2, dash) => svg("line", { x1, y1, x2, y2, class: "branch", "stroke-dasharray": dash || "none" });
function graph(claim, lane, open, lanes, hasBelow) {
  const step = laneWidth(lanes), x = n => 9 + n * step, c = R.claims[claim];
  const drawing = svg("svg", { "aria-hidden": "true" });
  for (const n of open) drawing.append(branch(x(n), "0", x(n), "100%"));
  const here = lane[claim];
  if (c.parent !== null) {
    const from = lane[c.parent];
    drawing.append(branch(x(from), "0", x(here), "50%"));
  }
  if (hasBelow) drawing.append(branch(x(here), "50%", x(here), "100%"));
  const dot = svg("circle", { cx: x(here), cy: "50%", r: 6, fill: color[verdict(c)] });
  drawing.append(dot);
  if (c.counteredBy) drawing.append(svg("circle", { cx: x(here), cy: "50%", r: 2.5, fill: "var(--card)" }));
  return el("span", { class: "lanes", style: `width:${8 + lanes * step}px` }, drawing);
}
function details(i) {
  const c = R.claims[i], list = el("dl");
  const add = (term, ...what) => list.append(el("dt", {}, term), el("dd", {}, ...what));
  add("claimed", el("code", {}, c.value));
  if (c.truth !== null && c.truth !== c.value) add("true value", el("code", {}, c.truth));
  add("made by", name(c.claimant) + " ", el("code", { class: "dim" }, c.claimant));
  add("in dispute", `${inDispute(c)} from here on down, at most`);
  add("position", `depth ${c.depth}, ` + (c.path ? "way down " : "the top"), el("code", {}, c.path), " ", el("span", { class: "dim" }, `generalised index ${c.gindex}`));
  add("clock", `its side had used ${span(c.used)} of ${span(R.rules.maxClockDuration)}`);
  add("bond", `${ether(c.bond)} ETH`, c.bondTo ? (c.bondTo === c.claimant ? ", given back" : `, won by ${name(c.bondTo)}`) : "");
  if (c.left !== null) add("open", c.left > 0 ? `can be answered for another ${span(c.left)}` : "its clock has run out: it can be resolved");
  if (c.counteredBy) add("countered", `by ${name(c.counteredBy)}` + (c.stepped ? ", by running an instruction on chain" : ""));
  const reason = because(c);
  return el("div", { class: "body" },
    reason ? el("p", {}, el("b", {}, "Why it was made. "), reason) : null,
    c.why ? el("p", {}, el("b", {}, "Why it is answered, or not. "), c.why) : null, list);
}
function tree() {
  const box = el("section", { id: "tree" }, el("h2", {}, "The tree"),
    el("p", { class: "lead" }, "Each claim answers the one it hangs from. An attack says that a claim is wrong, a defence that it is right but what follows is not; either halves the part in dispute. First " + (R.proposal.isSuper ? "the steps from super root to super root are searched for the first wrong one" : "the output roots of L2 blocks are searched for the first wrong block") + ", then the VM's states for the first wrong instruction. Tap a claim for the reason behind its answer."),
    el("div", { class: "legend" },
      el("span", {}, el("i", { class: "i-right" }), "claims what is true"),
      el("span", {}, el("i", { class: "i-wrong" }), "claims what is false"),
      el("span", {}, el("i", { class: "i-gray" }), "unknown: not checked"),
      el("span", {}, "hollow: countered")));
  const plan = layout(), lanes = Math.max(...plan.lane) + 1, folds = folded(plan);
  let layer = null, into = box;
  plan.rows.forEach((i, row) => {
    const c = R.claims[i];
    // Where branches mix the two, a heading would be of its first row only.
    if (c.kind !== layer && lanes === 1) {
      box.append(el("div", { class: "layer" }, c.kind === "output" ? (R.proposal.isSuper ? "Super roots, and the steps between them" : "Output roots of blocks") : R.proposal.isSuper ? "States of the VM, in the execution of one step" : "States of the VM, in the execution of one block"));
    }
    layer = c.kind;
    if (folds.has(row)) {
      into = fold(plan, row, folds.get(row), lanes);
      box.append(into);
    }
    into.append(entry(plan, row, lanes));
    if (into !== box && row === Number(into.dataset.last)) into = box;
  });
  page.append(box);
}
// Long stretches in which each claim has one answer are folded: first row to last row of each.
function folded({ rows, lane, children }) {
  const folds = new Map(), shown = 2, least = 6;
  const goesOn = row => children[rows[row]].length === 1 && rows[row + 1] === children[rows[row]][0] && lane[rows[row + 1]] === lane[rows[row]]
    && R.claims[rows[row + 1]].kind === R.claims[rows[row]].kind;
  for (let row = 0; row < rows.length; row++) {
    let end = row;
    while (end + 1 < rows.length && goesOn(end)) end++;
    if (end - row + 1 >= least + 2 * shown) folds.set(row + shown, end - shown);
    row = end;
  }
  return folds;
}
function fold({ rows, lane, open }, first, last, lanes) {
  const step = laneWidth(lanes), x = n => 9 + n * step, drawing = svg("svg", { "aria-hidden": "true" });
  for (const n of open[first]) if (n !== lane[rows[first]]) drawing.append(branch(x(n), "0", x(n), "100%"));
  const here = x(lane[rows[first]]);
  drawing.append(branch(here, "0", here, "100%", "3 4"));
  const from = R.claims[rows[first]], to = R.claims[rows[last]];
  return el("details", { class: "fold", "data-last": last },
    el("summary", {}, el("span", { class: "lanes", style: `width:${8 + lanes * step}px` }, drawing),
      el("span", {}, `${last - first + 1} more answers of the same kind, from depth ${from.depth} to ${to.depth}: ${inDispute(from)}, at most, in dispute become ${inDispute(to)}`)));
}
function entry({ rows, lane, open, children }, row, lanes) {
  const i = rows[row], c = R.claims[i], kind = verdict(c);
  return el("details", { class: "claim", id: "claim-" + i },
    el("summary", {}, graph(i, lane, open[row], lanes, children[i].length > 0),
      el("span", { class: "row" },
        el("span", { class: "num" }, "#" + i),
        el("span", { class: "side" }, el("span", { class: "tag" }, c.side === null ? "proposal" : c.side)),
        el("span", { class: "about" }, counted(c.about)),
        el("span", { class: "truth" }, el("span", { class: "tag " + kind }, verdictText[kind])),
        el("span", { class: "who" }, name(c.claimant)),
        el("span", { class: "bond" }, ether(c.bond) + " ETH"))),
    details(i));
}
// A link to a claim opens it, and the fold it lies in.
function follow() {
  const target = /^#claim-\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null;
  if (!target) return;
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  target.scrollIntoView({ block: "center" });
}
