// Compiles sol/*.sol to artifacts/*.json with the solc of package-lock.json.
// With --check nothing is written, and a difference from what is there is an error.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const solc = createRequire(import.meta.url)("solc");
const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");
const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

const settings = {
  viaIR: true,
  optimizer: { enabled: true, runs: 1000000 },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

let different = 0;
mkdirSync(join(here, "artifacts"), { recursive: true });
const files = readdirSync(join(here, "sol")).filter((name) => name.endsWith(".sol")).sort();
for (const file of files) {
  if (only.length > 0 && !only.includes(file.replace(".sol", ""))) continue;
  const content = readFileSync(join(here, "sol", file), "utf8");
  const input = {
    language: "Solidity",
    sources: { [file]: { content } },
    settings: {
      ...settings,
      outputSelection: {
        "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"] },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  for (const error of output.errors ?? []) console.error(error.formattedMessage);
  if (errors.length > 0) process.exit(1);
  for (const [name, contract] of Object.entries(output.contracts[file])) {
    // Interfaces, and libraries that are inlined.
    if (contract.evm.bytecode.object === "" || contract.abi.length === 0) continue;
    const artifact = {
      contractName: name,
      source: `sol/${file}`,
      sourceSha256: createHash("sha256").update(content).digest("hex"),
      compiler: solc.version(),
      settings,
      abi: contract.abi,
      bytecode: "0x" + contract.evm.bytecode.object,
      deployedBytecode: "0x" + contract.evm.deployedBytecode.object,
      immutableReferences: contract.evm.deployedBytecode.immutableReferences,
    };
    const text = JSON.stringify(artifact, null, 1) + "\n";
    const path = join(here, "artifacts", `${name}.json`);
    const size = (artifact.deployedBytecode.length - 2) / 2;
    if (size > 24576) {
      console.error(`${name}: ${size} bytes are more than a contract may have`);
      process.exit(1);
    }
    if (!check) {
      writeFileSync(path, text);
      console.log(`${name}: ${size} bytes`);
    } else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
      console.error(`${name}: artifacts/${name}.json is not what sol/${file} compiles to`);
      different += 1;
    }
  }
}
process.exit(different === 0 ? 0 : 1);
