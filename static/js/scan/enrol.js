// How a phone comes to belong to a point, and a person to a phone: the two steps that need the server.

import { fromB64, toB64, utf8 } from "./bytes.js";
import { Problem } from "./problem.js";

// Register this phone by the code of an invitation; `label` is what people call the phone. The key pair is made first and kept, so
// that a second try after a broken connection is of the same phone. Throws the server's Problem, or "device.already_enrolled".
export async function enrol({ vault, device }, code, label) {
  if (device.isEnrolled) throw new Problem("device.already_enrolled");
  const proof = await vault.sign(utf8(`relief enrol 1\n${code}`));
  const body = { code, public_key: toB64(await vault.publicKey()), proof: toB64(proof), label };
  const said = await device.ask("POST", "/api/v1/devices", { body, isSigned: false });
  await vault.keepSecret(fromB64(said.secret));
  await device.keep({
    device: said.device, name: said.name, point: said.point, firstOn: said.first_on, lastOn: said.last_on,
    manifestKey: said.server_keys.manifest, sealKey: said.server_keys.seal, isRevoked: false,
  });
  await globalThis.navigator.storage?.persist?.(); // So that the browser does not clear it when the disk runs low.
}

// Let a person whom the server knows work with this phone, under a PIN of their own choice; the phone is then unlocked for them.
export async function signInOperator({ device, operators }, email, password, pin) {
  operators.checkPin(pin); // Before the server makes a new credential and ends the old one.
  const said = await device.ask("POST", "/api/v1/devices/me/operators", { body: { email, password } });
  const person = { id: said.operator, name: said.name, staffedOn: said.staffed_on, credential: fromB64(said.credential) };
  return operators.add(person, pin);
}

// Forget the point, its people and the key, so that this phone can be enrolled anew. Throws Problem "device.has_unsent": what was
// recorded is sent or exported and brought in first.
export async function forget({ store, outbox }) {
  if ((await outbox.counts()).unsent) throw new Problem("device.has_unsent");
  await store.clear();
}
