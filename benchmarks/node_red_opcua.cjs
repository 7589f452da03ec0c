// Node-RED embedded in one process: OPC UA subscriptions, a function node, a line in a file a value.
// node node_red_opcua.cjs FOLDER PORT,PORT SIGNALS OUT; a line of input ends it and prints one JSON line.
const path = require("path"), http = require("http"), fs = require("fs"), os = require("os");
const [folder, ports, signals, out] = process.argv.slice(2);
const RED = require(path.join(folder, "node_modules", "node-red"));
const home = fs.mkdtempSync(path.join(os.tmpdir(), "node-red-"));
const flows = [{ id: "sheet", type: "tab", label: "collect" }];
ports.split(",").forEach((port, n) => {
  const nodes = Array.from({ length: Number(signals) }, (_, i) => ({ nodeId: `ns=2;s=v${i}` }));
  flows.push(
    { id: `end${n}`, type: "OpcUa-Endpoint", endpoint: `opc.tcp://127.0.0.1:${port}/`, secpol: "None", secmode: "None", none: true, login: false },
    { id: `go${n}`, type: "inject", z: "sheet", once: true, onceDelay: "1", topic: "multiple", payloadType: "json", payload: JSON.stringify(nodes),
      props: [{ p: "payload" }, { p: "topic", vt: "str" }], wires: [[`in${n}`]] },
    { id: `in${n}`, type: "OpcUa-Client", z: "sheet", endpoint: `end${n}`, action: "subscribe", time: 100, timeUnit: "ms",
      deadbandtype: "a", deadbandvalue: 0, certificate: "n", useTransport: false, maxChunkCount: 1, maxMessageSize: 8192, receiveBufferSize: 8192, sendBufferSize: 8192,
      wires: [[`line${n}`], [], []] },
    { id: `line${n}`, type: "function", z: "sheet", outputs: 1, wires: [["keep"]],
      func: `const v = msg.payload; if (!v || !v.value) return null; return { topic: "${n}:" + msg.topic, at: +v.sourceTimestamp, value: v.value.value,
        payload: ["${n}:" + msg.topic, +v.sourceTimestamp, v.value.value, v.statusCode.value].join(",") };` });
});
flows.push(
  { id: "keep", type: "file", z: "sheet", filename: out, filenameType: "str", appendNewline: true, createDir: false, overwriteFile: "false", wires: [["seen"]] },
  { id: "seen", type: "function", z: "sheet", outputs: 0, wires: [], func: "global.get('seen')(msg);" });
fs.writeFileSync(path.join(home, "flows.json"), JSON.stringify(flows));

const ages = [], known = new Set();
let count = 0, first = 0, cpu, began, last;
function seen(msg) {
  if (msg.value < 1) { first++; return; }
  if (!began) { began = Date.now(); cpu = process.cpuUsage(); }
  last = Date.now();
  ages.push(last - msg.at);
  known.add(msg.topic + "=" + msg.value);
  count++;
}
const server = http.createServer();
RED.init(server, { httpAdminRoot: false, httpNodeRoot: false, userDir: home, flowFile: "flows.json",
  logging: { console: { level: process.env.NODE_RED_LOG || "off" } }, functionGlobalContext: { seen }, nodesDir: path.join(folder, "node_modules", "node-red-contrib-opcua", "opcua"),
  editorTheme: { tours: false }, telemetry: { enabled: false } });
RED.start();
const ready = setInterval(() => { if (first >= Number(signals) * ports.split(",").length) { console.log(JSON.stringify({ ready: first })); clearInterval(ready); } }, 100);
process.stdin.once("data", () => {
  ages.sort((a, b) => a - b);
  const at = (q) => (ages.length ? ages[Math.min(ages.length - 1, Math.floor(q * ages.length))] : null);
  const used = process.cpuUsage(cpu);
  const seconds = began ? (last - began) / 1e3 : 0;
  console.log(JSON.stringify({ received: count, distinct: known.size, p50_ms: at(0.5), p99_ms: at(0.99),
    cpu_s: (used.user + used.system) / 1e6, seconds, rss_mb: process.memoryUsage().rss / 1e6 }));
  fs.rmSync(home, { recursive: true, force: true });
  setTimeout(() => process.exit(0), 50);
});
