// Calls functions of a module with fields from standard input, and prints what they say: eid, edata and options.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const functions = await import(pathToFileURL(process.argv[2]).href);
const calls = JSON.parse(readFileSync(0, "utf8"), (_, value) => (value?.$date ? new Date(value.$date) : value));
const track = (eid, edata, options) => ({ eid, edata, options });
const told = calls.map(({ name, correlation, fields }) =>
  functions[name](...[track, correlation, fields].filter((argument) => argument !== null)),
);
process.stdout.write(JSON.stringify(told));
