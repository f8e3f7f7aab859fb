/** Answers of the API, and what they refuse with. */

/** Refused: `status`, and the problem document's `detail` as message (RFC 9457). */
export class ApiError extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The JSON of an answer; throws ApiError. @param {Response} response */
export async function answered(response) {
  if (response.ok && !response.redirected) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.redirected ? 401 : response.status, problem.detail ?? response.statusText);
}

/** @param {string} method @param {object} body @returns {RequestInit} */
export function json(method, body) {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}
