// Keeps what is known up to date: asks for everything once, then follows the events, and asks again
// after a connection was lost for too long to be told what was missed.

import { NEWEST } from "./knowledge.js";
import { ServerError, server } from "./server.js";

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const LISTED_INCIDENTS = 200;
/** Windows of all Web ACLs that are asked for at the start: the server sums more into longer buckets. */
const MOST_WINDOWS = 90_000;

/** `told.connection(state, error)`: `connecting`, `live`, `lost` or `locked`; `told.news(incidents)`. */
export function follow(knowledge, told) {
  let source = null;
  let wait = FIRST_WAIT;
  let timer = 0;

  const load = async () => {
    const acls = await server.acls();
    const [windows, incidents, health] = await Promise.all([
      server.windows({ points: Math.min(NEWEST, Math.floor(MOST_WINDOWS / Math.max(1, acls.acls.length))) }),
      server.incidents({ limit: LISTED_INCIDENTS }),
      server.health(),
    ]);
    knowledge.setAcls(acls);
    knowledge.setWindows(windows);
    knowledge.setIncidents(incidents);
    knowledge.setHealth(health);
    knowledge.isLoaded = true;
    return acls.cursor;
  };

  const start = async () => {
    clearTimeout(timer);
    source?.close();
    try {
      connect(await load());
    } catch (error) {
      failed(error);
    }
  };

  const failed = (error) => {
    if (!(error instanceof ServerError)) throw error;
    if (error.code === "token_required") {
      told.connection("locked", error);
      return;
    }
    told.connection("lost", error);
    timer = setTimeout(start, wait);
    wait = Math.min(LONGEST_WAIT, wait * 2);
  };

  const connect = (cursor) => {
    source = server.events(cursor);
    source.addEventListener("open", () => {
      wait = FIRST_WAIT;
      told.connection("live", null);
    });
    source.addEventListener("error", () => {
      // The page connects again by itself, from the beginning: the server may be another one by then.
      source.close();
      failed(
        new ServerError(
          "unreachable",
          "The connection to wafwatch is lost. Check that it still runs; this page goes on by itself.",
        ),
      );
    });
    on("windows", (data) => {
      if (knowledge.changeWindows(data)) refresh(server.acls, (acls) => knowledge.setAcls(acls));
    });
    on("incidents", (data) => {
      const fresh = knowledge.changeIncidents(data);
      told.news(fresh);
      refresh(server.acls, (acls) => knowledge.setAcls(acls));
    });
    on("health", (data) => knowledge.setHealth(data));
    on("reset", () => refresh(load, () => {}));
  };

  const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  const refresh = (ask, take) => ask().then(take, failed);

  told.connection("connecting", null);
  start();
  return { retry: start };
}
