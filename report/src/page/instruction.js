// The bytes of a leaf in words of four; those that differ from the other one are marked.
function leaf(bytes, other) {
  const words = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const word = el("span", { class: "word" });
    for (let i = at; i < at + 8; i += 2) {
      const byte = bytes.slice(i, i + 2);
      word.append(byte === other.slice(i, i + 2) ? byte : el("mark", {}, byte));
    }
    words.push(word, " ");
  }
  return words;
}
function instruction() {
  const n = R.instruction;
  if (!n) return;
  const c = R.claims[n.claim], liar = name(c.claimant), run = c.stepped;
  const side = c.truth === c.value ? "defend" : "attack";
  const box = el("section", { id: "instruction" }, el("h2", {}, "The one instruction"));
  box.append(el("p", { class: "lead" },
    `Both sides agree on the VM's state before instruction ${thousands(n.index)}, and claim different states after it. ` +
    (run ? `So L1 had to run this one instruction, and nothing else: ${name(c.counteredBy)} handed the VM's contract `
         : "So L1 has to run this one instruction, and nothing else. The VM's contract is to be handed ") +
    `the state before (${thousands(String(n.proof.state))} bytes) and a Merkle proof of the memory that it touches (${thousands(String(n.proof.memory))} bytes)` +
    (n.preimage ? ", and the pre-image that it reads was put on chain before." : ".")));
  const state = (title, hash, kind, verdict) => el("div", { class: "state " + kind }, el("b", {}, title), el("code", {}, hash), verdict ? el("span", { class: "tag " + kind }, verdict) : null);
  const code = el("div", { class: "code mono" });
  if (n.symbol) code.append(el("div", { class: "symbol" }, n.symbol));
  const lines = n.code.length ? n.code : [{ pc: n.pc, assembly: n.assembly, here: true }];
  for (const line of lines) code.append(el("div", { class: line.here ? "line here" : "line" }, el("span", { class: "pc" }, line.pc), el("span", { class: "op" }, line.assembly)));
  box.append(el("div", { class: "flow" },
    state("state before, as both have it", n.before, "", null), code,
    el("div", { class: "ends" },
      state("what the instruction leads to", n.after, "right", run ? "computed by the VM's contract" : "computed by the VM"),
      n.claimed === n.after ? null : state(side === "attack" ? `what ${liar} claims` : "what was claimed", n.claimed, "wrong", "not what comes out"))));

  const changed = n.registers.filter(r => r.before !== r.after), same = n.registers.filter(r => r.before === r.after);
  const rows = el("tbody");
  for (const r of changed) rows.append(el("tr", {}, el("th", { scope: "row" }, r.name), el("td", {}, el("code", {}, r.before)), el("td", {}, el("code", { class: "new" }, r.after))));
  box.append(el("h3", {}, "Registers"), el("div", { class: "scroll" }, el("table", { class: "regs-table" }, el("thead", {}, el("tr", {}, el("th", {}, ""), el("th", {}, "before"), el("th", {}, "after"))), rows)));
  if (same.length) box.append(el("details", { class: "more" }, el("summary", {}, `${same.length} more, which it leaves as they are`), el("div", { class: "regs" }, same.map(r => el("div", { class: "reg mono" }, el("span", {}, r.name), el("span", {}, r.before))))));
  if (n.memory.length) {
    box.append(el("h3", {}, "Memory"));
    for (const m of n.memory) {
      const written = m.before !== m.after, grid = el("dl", { class: "leaf mono" });
      grid.append(el("dt", {}, written ? "before" : "read"), el("dd", { class: "old" }, leaf(m.before, m.after)));
      if (written) grid.append(el("dt", {}, "after"), el("dd", {}, leaf(m.after, m.before)));
      box.append(el("p", { class: "dim" }, "The 32 bytes from ", el("code", {}, m.at), " on, which the proof opens:"), grid);
    }
  }
  if (n.preimage) {
    const p = n.preimage, where = p.offset < 8 ? "its length" : `byte ${p.offset - 8} of its ${p.bytes}`;
    box.append(el("h3", {}, "Pre-image"),
      el("p", { class: "dim" }, `The program asks for the value behind a hash. The contract has it from ${where} on:`),
      el("dl", { class: "leaf mono" }, el("dt", {}, "key"), el("dd", { class: "wrap" }, p.key), el("dt", {}, "value"), el("dd", {}, leaf(p.part, p.part))));
  }
  const bond = ether(c.bond);
  box.append(el("p", { class: "verdict" }, run
    ? [`Claim `, el("a", { href: "#claim-" + n.claim }, "#" + n.claim), ` of ${liar} falls, and with it everything that rests on it. `, c.bondTo && c.bondTo !== c.claimant ? `Its bond of ${bond} ETH goes to ${name(c.bondTo)}.` : `Its bond of ${bond} ETH is lost.`]
    : [`Claim `, el("a", { href: "#claim-" + n.claim }, "#" + n.claim), ` of ${liar}, with a bond of ${bond} ETH, falls as soon as somebody has the contract run it.`]));
  page.append(box);
}
