// The way back from packing.py: base64, gzip, differences of 16-bit steps.
const MISSING = -32768;

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.data), c => c.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const view = new DataView(await new Response(plain).arrayBuffer());
  const curves = [];
  for (let row = 0; row < packed.rows; row++) {
    const curve = new Float32Array(packed.columns);
    let step = 0;
    for (let i = 0; i < packed.columns; i++) {
      step = (step + view.getInt16(2 * (row * packed.columns + i), true)) << 16 >> 16;
      curve[i] = step === MISSING ? NaN : step * packed.scales[row];
    }
    curves.push(curve);
  }
  return curves;
}
