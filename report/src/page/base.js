"use strict";
const R = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");

// Text only ever enters the page as text.
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) node.setAttribute(name, value);
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
}
function svg(tag, props, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props || {})) node.setAttribute(name, value);
  node.append(...children.flat());
  return node;
}
const accounts = new Map(R.accounts.map(a => [a.address, a]));
const name = address => accounts.has(address) ? accounts.get(address).name : address.slice(0, 8) + "…";
const short = hash => hash.slice(0, 8) + "…" + hash.slice(-4);
const thousands = digits => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
// Words that carry a hash or an address stay as they are; only counted things get commas.
const counted = text => text.replace(/(?<![\w.])\d{5,}(?![\w.])/g, thousands);
// All amounts of a page are cut alike; bonds have seven digits at most.
function ether(wei, digits = 7) {
  let n = BigInt(wei);
  const sign = n < 0n ? "−" : "";
  if (n < 0n) n = -n;
  const unit = 10n ** 18n;
  let rest = (n % unit).toString().padStart(18, "0").slice(0, digits).replace(/0+$/, "");
  return sign + thousands((n / unit).toString()) + (rest ? "." + rest : "");
}
function span(seconds) {
  const d = Math.floor(seconds / 86400), h = Math.floor(seconds % 86400 / 3600);
  const m = Math.floor(seconds % 3600 / 60), s = seconds % 60;
  if (d) return d + " d" + (h ? " " + h + " h" : "");
  if (h) return h + " h" + (m ? " " + m + " min" : "");
  if (m) return m + " min" + (s ? " " + s + " s" : "");
  return s + " s";
}
// A game that is won at its creation has no claims, clocks and bonds.
const isPlayed = R.rules.maxDepth !== undefined;
const verdict = claim => claim.truth === null ? "gray" : claim.truth === claim.value ? "right" : "wrong";
const verdictText = { right: "right", wrong: "wrong", gray: "unknown" };
const color = { right: "var(--right)", wrong: "var(--wrong)", gray: "var(--gray)" };
const roleClass = { honest: "right", cheat: "wrong", unknown: "" };
// What is left in dispute below a claim: a place in the tree is halved at each level.
function inDispute(claim) {
  const isOutput = claim.kind === "output", bottom = isOutput ? R.rules.splitDepth : R.rules.maxDepth;
  const count = 2n ** BigInt(Math.max(0, bottom - claim.depth));
  const many = count === 1n ? "" : "s";
  const what = !isOutput ? "instruction" + many : R.proposal.isSuper ? `step${many} between super roots` : "L2 block" + many;
  return (count === 1n ? "one " : thousands(String(count)) + " ") + what;
}
// Why a claim was made, in a sentence: the honest rule where it fits, else what is wrong with it.
function because(claim) {
  if (claim.parent === null) return null;
  const parent = R.claims[claim.parent];
  if (claim.honest && parent.why) return `About claim ${claim.parent}: ${parent.why}`;
  if (claim.truth === null) return null;
  return claim.truth === claim.value
    ? `What it says is true, yet no honest player would say it here.`
    : `What it says is false: the true value is ${short(claim.truth)}, not ${short(claim.value)}.`;
}
