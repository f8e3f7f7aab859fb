/* All that a list of rows needs: the inbox page asks for it by this name (start.js), so that it costs no round trip of its own. */

import "../kept-notice.js";
import "./actions.js";
import "./clicks.js";
import "./keys.js";
import "./list.js";
import "./merge.js";
import "./parts.js";
import "./reading.js";
import "./snooze.js";
import "./stops.js";
