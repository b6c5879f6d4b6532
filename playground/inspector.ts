/**
 * The inspector of the app, at /inspector?token=…: for whoever knows INSPECTOR_TOKEN, and for nobody when it is not set.
 */
import type { Scope } from "thimble";
import { inspector } from "thimble/inspector";

type Handler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Promise<Response>;

/** The same handler, with an inspector beside it. */
export function inspected<Rest extends unknown[]>(
  container: Scope,
  token: string | undefined,
  handle: Handler<Rest>,
): Handler<Rest> {
  const authorize = (request: Request): boolean => {
    const given = new URL(request.url).searchParams.get("token") ?? "";
    return token !== undefined && token !== "" && isSame(given, token);
  };
  const inspect = inspector(container, { authorize, basePath: "/inspector" });
  return async (request, ...rest) => {
    const { pathname } = new URL(request.url);
    const isInspector = pathname === "/inspector" || pathname.startsWith("/inspector/");
    return await (isInspector ? inspect(request) : handle(request, ...rest));
  };
}

/** Takes the same time wherever two texts differ. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++)
    difference |= one.charCodeAt(at) ^ other.charCodeAt(at % other.length);
  return difference === 0;
}
