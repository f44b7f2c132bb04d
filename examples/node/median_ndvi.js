// Ask a Swath inspect server from Node.js: which products there are, and the mean over an area of
// the median NDVI through time.
//
//   npm install
//   node median_ndvi.js 127.0.0.1:7070 landsat red nir
//
// Uses gRPC and the files in ../../protos: no part of Swath's Python.
"use strict";
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");

const PROTOS = path.join(__dirname, "..", "..", "protos");
const definition = protoLoader.loadSync(["swath/v1/inspect.proto", "swath/v1/catalog.proto"], {
  includeDirs: [PROTOS], keepCase: true, longs: Number, defaults: false, oneofs: true,
});
const swath = grpc.loadPackageDefinition(definition).swath.v1;

// A graph is a list of nodes that refer to earlier ones by index; each function adds one.
class Graph {
  nodes = [];
  add(node) { return this.nodes.push(node) - 1; }
  text(value) { return this.add({ literal: { value: { text: value } } }); }
  call(op, ...args) { return this.add({ call: { op, args } }); }
  message(result) { return { nodes: this.nodes, result, language_version: 1 }; }
}

function medianNdvi(product, redBand, nirBand) {
  const g = new Graph();
  const images = g.call("ImageCollection.from_id", g.text(product));
  const red = g.call("pick_bands", images, g.text(redBand));
  const nir = g.call("pick_bands", images, g.text(nirBand));
  const ndvi = g.call("div", g.call("sub", nir, red), g.call("add", nir, red));
  const median = g.call("median", ndvi, g.text("images"));
  return g.message(g.call("mean", median));
}

const unary = (client, method, request) => new Promise((resolve, reject) =>
  client[method](request, (error, response) => (error ? reject(error) : resolve(response))));

// An answer is a stream: a header with the value, chunks of pixels if there are any, a trailer.
async function inspect(client, request) {
  let header, complete = false;
  for await (const message of client.Inspect(request, { deadline: Date.now() + 60_000 })) {
    header ??= message.header;
    complete ||= Boolean(message.trailer);
  }
  if (!complete) throw new Error("the answer was cut short");
  return header.value[header.value.kind];
}

async function main(address = "127.0.0.1:7070", product = "landsat", red = "red", nir = "nir") {
  const credentials = grpc.credentials.createInsecure();
  const catalog = new swath.CatalogService(address, credentials);
  const { products = [] } = await unary(catalog, "ListProducts", {});
  for (const p of products) {
    console.log(`${p.id}: ${p.images ?? 0} images, bands ${(p.bands ?? []).map((b) => b.name)}`);
  }
  const { product: chosen } = await unary(catalog, "GetProduct", { product });
  const request = { graph: medianNdvi(product, red, nir), geocontext: chosen.geocontext };
  const client = new swath.InspectService(address, credentials);
  const mean = await inspect(client, request);
  console.log(`median NDVI of ${product}, mean over its area: ${mean.toFixed(6)}`);
}

main(...process.argv.slice(2)).then(() => process.exit(0), (error) => {
  console.error(error.details ?? error.message);
  process.exit(1);
});
