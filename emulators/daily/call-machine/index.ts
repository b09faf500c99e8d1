/**
 * The call machine of Daily in a box: the script that daily-js loads by the name of
 * `call-machine-object-bundle.js`. It is evaluated once for each call object of a page.
 */
import { eventPoster, readMessage } from "./daily-js.ts";
import { Machine } from "./machine.ts";

window._daily ??= { pendings: [], instances: {} };
const { pendings, instances } = window._daily;

// One listener for all call objects and evaluations. It asks for the machine each time, so that a destroyed
// call object, which daily-js deletes from the instances, hears nothing more.
if (!window._dailyInABox) {
  window._dailyInABox = { audio: null };
  window.addEventListener("message", (event) => {
    const message = readMessage(event);
    if (message) window._daily?.instances[message.callClientId]?.callMachine?.receive(message);
  });
}

for (const id of pendings.splice(0)) {
  const instance = instances[id];
  if (!instance) continue;
  instance.callMachine = new Machine(id);
  // daily-js tells the app of a first load only by this; of a later one, which loads nothing, it tells by itself.
  eventPoster(id)({ action: "loaded" });
}
