// Compiles the contracts of sol/ to artifacts/*.json with the solc of package-lock.json, and writes what the compiler was
// given to standard-json/*.json, which explorers verify code by.
// With --check nothing is written, and a difference from what is there is an error. With --inputs nothing is compiled.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const solc = createRequire(import.meta.url)("solc");
const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");
const inputsOnly = process.argv.includes("--inputs");
const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

const settings = (runs) => ({
  viaIR: true,
  optimizer: { enabled: true, runs },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none", appendCBOR: false },
});

// The verifiers stand alone, for speed over size, but for one that would not fit with so many inlined
// copies; nor would the game, which shares sources, as the contracts of the tests do.
const folders = [
  { folder: ".", runs: 1000000, fits: { "FpvmMips64.sol": 10000 } },
  { folder: "game", runs: 10000 },
  { folder: "v7", runs: 10000, shares: "game" },
  { folder: "test", runs: 1 },
];

// Today's contracts of the game have the names of those of 2024, and so a folder of their own for the artifacts.
const artifacts = (folder) => join("artifacts", folder === "v7" ? folder : "");

let different = 0;
for (const { folder, runs, fits = {}, shares } of folders) {
  const sol = join(here, "sol", folder);
  const files = readdirSync(sol).filter((name) => name.endsWith(".sol")).sort();
  const sources = Object.fromEntries(files.map((file) => [file, { content: readFileSync(join(sol, file), "utf8") }]));
  // Files that import nothing are compiled one by one, so that one alone can be rebuilt quickly.
  const units = folder === "." ? files.map((file) => [file]) : [files];
  for (const unit of units) {
    if (only.length > 0 && !unit.some((file) => only.includes(file.replace(".sol", "")))) continue;
    compile(folder, unit, sources, settings(fits[unit[0]] ?? runs), shares);
  }
}

function compile(folder, unit, sources, settings, shares) {
  // What is imported from another folder comes along, and gives no artifacts.
  const shared = shares ? readdirSync(join(here, "sol", shares)).map((file) => `${shares}/${file}`) : [];
  const read = (path) => ({ content: readFileSync(join(here, "sol", path), "utf8") });
  const from = Object.fromEntries(shared.map((path) => [path, read(path)]));
  const key = (file) => (shares ? `${folder}/${file}` : file);
  const input = {
    language: "Solidity",
    sources: { ...from, ...Object.fromEntries(unit.map((file) => [key(file), sources[file]])) },
    settings: {
      ...settings,
      outputSelection: {
        "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"] },
      },
    },
  };
  if (folder !== "test") {
    const name = folder === "." ? unit[0].replace(".sol", "") : folder;
    writeOrCompare(join("standard-json", `${name}.json`), JSON.stringify(input, null, 1) + "\n");
  }
  if (inputsOnly) return;
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  for (const error of output.errors ?? []) console.error(error.formattedMessage);
  if (errors.length > 0) process.exit(1);
  for (const file of unit) {
    for (const [name, contract] of Object.entries(output.contracts[key(file)] ?? {})) {
      write(name, artifacts(folder), join("sol", folder, file), sources[file].content, settings, contract);
    }
  }
}

function write(name, into, source, content, settings, contract) {
  const size = (contract.evm.deployedBytecode.object.length) / 2;
  // Interfaces, libraries whose functions are all inlined, and contracts to be derived from.
  if (contract.abi.every((item) => item.type === "error")) return;
  if (size === 0) return;
  const artifact = {
    contractName: name,
    source,
    sourceSha256: createHash("sha256").update(content).digest("hex"),
    compiler: solc.version(),
    settings,
    abi: contract.abi,
    bytecode: "0x" + contract.evm.bytecode.object,
    deployedBytecode: "0x" + contract.evm.deployedBytecode.object,
    immutableReferences: contract.evm.deployedBytecode.immutableReferences,
  };
  if (size > 24576) {
    console.error(`${name}: ${size} bytes are more than a contract may have`);
    process.exit(1);
  }
  if (!check) console.log(`${name}: ${size} bytes`);
  writeOrCompare(join(into, `${name}.json`), JSON.stringify(artifact, null, 1) + "\n");
}

// Writes a file, or with --check counts it where it differs.
function writeOrCompare(path, text) {
  const at = join(here, path);
  if (!check) {
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  } else if (!existsSync(at) || readFileSync(at, "utf8") !== text) {
    console.error(`${path} is not what the sources give`);
    different += 1;
  }
}
process.exit(different === 0 ? 0 : 1);
