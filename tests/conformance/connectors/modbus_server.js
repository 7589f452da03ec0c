// A Modbus TCP server of the npm package modbus-serial, for the connector tests.
// node modbus_server.js PORT MODULES: holding register n reads 1000*tick + n, n from 0 to 99 and
// 200 to 299; any other address is an illegal one. Input registers 0..9 hold a float32 of 21.5.
const [port, modules] = process.argv.slice(2);
const { ServerTCP } = require(modules + "/modbus-serial");
let tick = 0;
setInterval(() => { tick = (tick + 1) % 60; }, 100);
const written = new Map();
const there = (a) => (a >= 0 && a < 100) || (a >= 200 && a < 300);
const illegal = () => { const e = new Error("no such register"); e.modbusErrorCode = 2; throw e; };
const floatWords = () => { const b = Buffer.alloc(4); b.writeFloatBE(21.5); return [b.readUInt16BE(0), b.readUInt16BE(2)]; };
const vector = {
  getHoldingRegister: (a) => {
    if (!there(a)) illegal();
    return written.has(a) ? written.get(a) : (1000 * tick + a) % 65536;
  },
  getInputRegister: (a) => (a < 10 ? floatWords()[a % 2] : illegal()),
  getCoil: (a) => (a < 16 ? a % 2 === 1 : illegal()),
  getDiscreteInput: (a) => (a < 16 ? a % 3 === 0 : illegal()),
  setRegister: (a, v) => { if (!there(a)) illegal(); written.set(a, v); },
  setCoil: () => {},
};
const server = new ServerTCP(vector, { host: "127.0.0.1", port: Number(port), unitID: 1 });
server.on("initialized", () => console.log("ready"));
server.on("socketError", () => {});
