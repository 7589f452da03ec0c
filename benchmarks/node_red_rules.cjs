// Node-RED embedded in one process: a switch and one function node a rule, counted to the end.
// node node_red_rules.cjs FOLDER SIGNALS RULES MESSAGES
const path = require("path"), http = require("http"), fs = require("fs"), os = require("os");
const [folder, signals, rules, messages] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const RED = require(path.join(folder, "node_modules", "node-red"));
const home = fs.mkdtempSync(path.join(os.tmpdir(), "node-red-"));

const limit = `
const all = context.get("all") || new Map(); context.set("all", all);
let s = all.get(msg.topic); if (!s) { s = {on: false, since: 0}; all.set(msg.topic, s); }
if (msg.payload > 3.5) { if (!s.since) s.since = msg.at; } else if (msg.payload < 3.0) { s.since = 0; s.on = false; }
if (!s.on && s.since && msg.at - s.since >= 5000) { s.on = true; msg.alarm = true; }
return msg;`;
const rate = `
const all = context.get("all") || new Map(); context.set("all", all);
const s = all.get(msg.topic); all.set(msg.topic, {at: msg.at, value: msg.payload});
if (s && (msg.payload - s.value) / ((msg.at - s.at) / 1000) > 6.0) msg.alarm = true;
return msg;`;
const mean = `
const all = context.get("all") || new Map(); context.set("all", all);
let s = all.get(msg.topic); if (!s) { s = {ring: [], place: 0, sum: 0}; all.set(msg.topic, s); }
if (s.ring.length < 16) { s.ring.push(msg.payload); s.sum += msg.payload; }
else { s.sum += msg.payload - s.ring[s.place]; s.ring[s.place] = msg.payload; s.place = (s.place + 1) % 16; }
if (s.ring.length === 16 && s.sum / 16 > 0.9) msg.alarm = true;
return msg;`;
const bodies = [limit, rate, mean].slice(0, rules);
const last = bodies.length;
const flows = [
  { id: "sheet", type: "tab", label: "rules" },
  { id: "in", type: "function", z: "sheet", outputs: 1, wires: [["check"]], func: "return msg;",
    initialize: "global.get('ready')(node);" },
  { id: "check", type: "switch", z: "sheet", property: "payload", propertyType: "msg", checkall: "true",
    rules: [{ t: "nnull" }], outputs: 1, wires: [["f0"]] },
  ...bodies.map((func, i) => ({ id: `f${i}`, type: "function", z: "sheet", func, outputs: 1,
    wires: [[i + 1 < last ? `f${i + 1}` : "out"]] })),
  { id: "out", type: "function", z: "sheet", outputs: 0, wires: [], func: "global.get('seen')(msg);" },
];
fs.writeFileSync(path.join(home, "flows.json"), JSON.stringify(flows));

let began, count = 0, alarms = 0, state = 12345;
const dice = () => { state = (1103515245 * state + 12345) & 0x7fffffff; return state / 0x7fffffff; };
const noise = () => dice() + dice() + dice() + dice() - 2;
const level = new Float64Array(signals);
function start(node) {
  setTimeout(() => {
    began = process.hrtime.bigint();
    let sent = 0;
    const burst = () => {
      for (let i = 0; i < 50 && sent < messages; i++, sent++) {
        const n = sent % signals;
        level[n] = 0.7 * level[n] + 1.7 * noise();
        node.send({ topic: n, payload: level[n], at: 1767600000000 + Math.floor(sent / signals) * 1000 });
      }
      if (sent < messages) setImmediate(burst);
    };
    burst();
  }, 500);
}
function seen(msg) {
  if (msg.alarm) alarms++;
  if (++count < messages) return;
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ samples_s: messages / seconds, alarms, rss_mb: process.memoryUsage().rss / 1e6 }));
  RED.stop().then(() => { fs.rmSync(home, { recursive: true, force: true }); process.exit(0); });
}
const server = http.createServer();
RED.init(server, { httpAdminRoot: false, httpNodeRoot: false, userDir: home, flowFile: "flows.json",
  logging: { console: { level: "off" } }, functionGlobalContext: { ready: start, seen },
  editorTheme: { tours: false }, telemetry: { enabled: false } });
RED.start();
