/**
 * The script of the template tags: defines both elements, the bell first. `make dist` makes one file of it and of what they
 * need at once, so that a page with bell and banners needs one request.
 */
import "./bell.js";
import "./banners.js";
