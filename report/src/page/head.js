function headline() {
  if (!isPlayed) {
    if (R.alarm) return "The proposal is FALSE, and only the guardian can stop it.";
    if (R.proposal.right) return "The proposal is right.";
    return R.proposal.right === null ? "The proposal was won at its creation." : "The proposal is wrong, and was struck off.";
  }
  if (R.status === "in-progress") {
    if (R.proposal.right === null) return "The game is running.";
    return R.proposal.right ? "The game is running. The proposal is right." : "The game is running. The proposal is wrong.";
  }
  const stands = R.status === "defender-wins";
  if (R.proposal.right === null) return stands ? "The proposal stands." : "The proposal was refuted.";
  if (R.proposal.right) return stands ? "The proposal was right, and it stands." : "The proposal was right, but it was refuted.";
  return stands ? "The proposal was wrong, but nobody refuted it in time." : "The proposal was wrong, and it was refuted.";
}
function story() {
  const p = R.proposal, parts = [];
  parts.push(p.isSuper
    ? `${name(p.creator)} proposed a super root at timestamp ${p.block}: a hash of the whole state of each chain` + (isPlayed ? `, on top of that at timestamp ${p.startingBlock}, which everybody agrees on.` : ".")
    : `${name(p.creator)} proposed an output root for L2 block ${thousands(p.block)}: a hash of the rollup's whole state, on top of block ${thousands(p.startingBlock)}, which everybody agrees on.`);
  if (!isPlayed) {
    parts.push("Nobody disputes such a game: it was won at its creation, and its proposal is relied on unless the guardian strikes it off in time.");
    return parts.join(" ");
  }
  const answers = R.claims.length - 1;
  if (answers === 0) parts.push("Nobody has answered it.");
  else {
    const deepest = Math.max(...R.claims.map(c => c.depth));
    parts.push(`${answers} answer${answers === 1 ? "" : "s"} followed, each halving what is in dispute, down to depth ${deepest} of ${R.rules.maxDepth}.`);
  }
  const steps = R.claims.filter(c => c.stepped).length;
  if (steps === 1) parts.push("At the bottom one single instruction was left; the VM's contract ran it on chain, and that decided.");
  if (steps > 1) parts.push(`At the bottom single instructions were left; the VM's contract ran ${steps} of them on chain, and that decided.`);
  for (const a of R.accounts) {
    const net = BigInt(a.won) + BigInt(a.open) - BigInt(a.posted);
    if (net < 0n) parts.push(`${a.name} lost ${ether(-net)} ETH of bonds.`);
    if (net > 0n) parts.push(`${a.name} won ${ether(net)} ETH.`);
  }
  return parts.join(" ");
}
function header() {
  const status = { "in-progress": ["in progress", ""], "challenger-wins": ["challenger wins", "wrong"], "defender-wins": ["defender wins", "right"] }[R.status];
  const total = R.claims.reduce((sum, c) => sum + BigInt(c.bond), 0n);
  const card = (value, text) => el("div", { class: "card" }, el("b", {}, value), el("span", {}, text));
  page.append(
    el("div", { class: "dim" }, R.title),
    el("h1", { id: "headline" }, headline()),
    el("span", { class: "pill " + status[1] }, status[0]), " ",
    el("code", { class: "dim" }, R.game),
    el("p", { id: "story" }, story()),
    R.alarm ? el("p", { class: "alarm" }, R.alarm.words) : "",
    R.next.length ? el("ul", { id: "next" }, ...R.next.map(line => el("li", {}, "Next: " + line))) : "",
    isPlayed ? el("div", { class: "cards" },
      card(String(R.claims.length), "claims, the proposal included"),
      card(String(R.claims.filter(c => c.stepped).length), "decided by an instruction"),
      card(ether(total) + " ETH", "posted as bonds"),
      card(span(R.now - R.createdAt), R.status === "in-progress" ? "so far" : "from proposal to end")) : "",
    el("nav", {}, !isPlayed ? [] : [R.proposal.isSuper ? ["trace", "The trace"] : null, ["tree", "The tree"], R.instruction ? ["instruction", "The one instruction"] : null, ["timeline", "The timeline"], ["money", "The money"], ["facts", "Facts"]]
      .filter(part => part !== null).map(([id, text]) => el("a", { href: "#" + id }, text))));
}
