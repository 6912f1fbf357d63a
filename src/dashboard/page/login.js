// Asks for the token where the server demands one.

import { byId } from "./dom.js";
import { ServerError, server } from "./server.js";

/** Sets the form up; `done()` is called when the server took the token. */
export function showLogin(done) {
  const section = byId("login");
  byId("login-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("login-error").textContent = "";
    try {
      await server.logIn(byId("token").value);
      byId("token").value = "";
      done();
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      byId("login-error").textContent = error.message;
    }
  });
  return {
    toggle: (isLocked) => {
      const wasHidden = section.hidden;
      section.hidden = !isLocked;
      if (isLocked && wasHidden) byId("token").focus();
    },
  };
}
