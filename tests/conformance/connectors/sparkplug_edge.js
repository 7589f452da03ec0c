// A Sparkplug B edge node with one device, by the npm package sparkplug-client (Eclipse Tahu).
// node sparkplug_edge.js PORT MODULES
const [port, modules] = process.argv.slice(2);
const say = console.log;
console.log = console.info = console.warn = () => {};
const sparkplug = require(modules + "/sparkplug-client");
const client = sparkplug.newClient({
  serverUrl: "tcp://127.0.0.1:" + port, username: "", password: "", groupId: "works", edgeNode: "edge",
  clientId: "edge-1", version: "spBv1.0", keepalive: 2, publishDeath: true,
});
let n = 0;
const metrics = (birth) => [
  { name: "temperature", value: 20 + n / 10, type: "Double" },
  { name: "count", value: n - 3, type: "Int32" },
  { name: "running", value: n % 2 === 0, type: "Boolean" },
  ...(birth ? [{ name: "serial", value: "L-200", type: "String" }] : []),
];
const births = () => {
  client.publishNodeBirth({ timestamp: Date.now(), metrics: [{ name: "Node Control/Rebirth", value: false, type: "Boolean" }, { name: "uptime", value: n, type: "UInt64" }] });
  client.publishDeviceBirth("lathe", { timestamp: Date.now(), metrics: metrics(true) });
};
let born = false;
client.on("birth", () => { births(); born = true; });
client.on("ncmd", () => births());
client.on("error", () => {});
setInterval(() => {
  n += 1;
  if (!born) return;
  client.publishDeviceData("lathe", { timestamp: Date.now(), metrics: metrics(false) });
  client.publishNodeData({ timestamp: Date.now(), metrics: [{ name: "uptime", value: n, type: "UInt64" }] });
}, 100);
say("ready");
