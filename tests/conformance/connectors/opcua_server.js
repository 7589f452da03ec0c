// An OPC UA server of the npm package node-opcua, for the connector tests.
// node opcua_server.js PORT MODULES FOLDER
const say = console.log;
console.log = console.warn = console.info = () => {}; // its own notes would fill the pipe
const [port, modules, folder] = process.argv.slice(2);
const { OPCUAServer } = require(modules + "/node-opcua-server");
const { MessageSecurityMode, SecurityPolicy } = require(modules + "/node-opcua-secure-channel");
const { OPCUACertificateManager } = require(modules + "/node-opcua-certificate-manager");
const { Variant, DataType, VariantArrayType } = require(modules + "/node-opcua-variant");
const { StatusCodes } = require(modules + "/node-opcua-status-code");
(async () => {
  const trusted = new OPCUACertificateManager({ automaticallyAcceptUnknownCertificate: true, rootFolder: folder });
  await trusted.initialize();
  const server = new OPCUAServer({
    port: Number(port), hostname: "127.0.0.1", serverCertificateManager: trusted, userCertificateManager: trusted,
    allowAnonymous: true,
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes256_Sha256_RsaPss],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
    serverCapabilities: { operationLimits: { maxNodesPerRead: 100, maxNodesPerBrowse: 50, maxMonitoredItemsPerCall: 40 } },
    buildInfo: { productName: "node", buildNumber: "1", buildDate: new Date() },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.registerNamespace("urn:hanse:test:node");
  const machine = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Mill", nodeId: "s=Mill" });
  let n = 0;
  setInterval(() => { n += 1; }, 50);
  for (let i = 0; i < 120; i++) {
    const parent = own.addVariable({ componentOf: machine, browseName: "V" + i, nodeId: "s=Mill.V" + i, dataType: "Double",
      minimumSamplingInterval: 50, value: { get: () => new Variant({ dataType: DataType.Double, value: n * 1000 + i }) } });
    own.addVariable({ componentOf: parent, browseName: "In", nodeId: "s=Mill.V" + i + ".In", dataType: "Int32",
      minimumSamplingInterval: 50, value: { get: () => new Variant({ dataType: DataType.Int32, value: i }) } });
  }
  own.addVariable({ componentOf: machine, browseName: "Bad", nodeId: "s=Mill.Bad", dataType: "Double",
    minimumSamplingInterval: 50, value: { get: () => StatusCodes.BadSensorFailure } });
  own.addVariable({ componentOf: machine, browseName: "List", nodeId: "s=Mill.List", dataType: "Float", valueRank: 1, arrayDimensions: [3],
    minimumSamplingInterval: 50, value: { get: () => new Variant({ dataType: DataType.Float, arrayType: VariantArrayType.Array, value: new Float32Array([1, 2, n]) }) } });
  await server.start();
  say("ready");
})().catch((e) => { console.error(e); process.exit(1); });
