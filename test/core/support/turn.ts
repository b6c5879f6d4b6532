/**
 * One turn of the event loop: afterwards every promise that could settle without outside help has settled.
 *
 * It is how a test says "and still nothing happened". It measures nothing.
 *
 * @module
 */

export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
