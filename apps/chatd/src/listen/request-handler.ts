/**
 * From HTTP requests to the services: with the token only, and for programs only. No header lets a web page of another
 * origin call, and none could know the token.
 * @module
 */
import { type ConnectRouter, createConnectRouter } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { callErrors } from "../call-errors.ts";
import type { Log } from "../log.ts";
import type { RequestHandler } from "./listener.ts";
import type { Token } from "./token.ts";

/** Of one message: a chunk of an upload, or content that is no file. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

export type HandlerOptions = {
  readonly token: Token;
  readonly log: Log;
  readonly routes: (router: ConnectRouter) => void;
  /** Ends the calls that are under way. */
  readonly closing: AbortSignal;
};

export function requestHandler({ token, log, routes, closing }: HandlerOptions): RequestHandler {
  const router = createConnectRouter({
    interceptors: [callErrors(log)],
    readMaxBytes: MAX_REQUEST_BYTES,
    shutdownSignal: closing,
  });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    // All three protocols read this status as "unauthenticated".
    if (!token.admits(request.headers.authorization)) {
      refuse(response, 401, "want the token of the daemon: authorization: Bearer <token>");
      request.resume();
      return;
    }
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      refuse(response, 404, "want a method of chat.daemon.v1");
      request.resume();
      return;
    }
    // What fails here is the connection, not the call: the caller has gone.
    handler(universalRequestFromNodeRequest(request, response, undefined, undefined))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch(() => log.debug("a caller has gone", { method: handler.method.name }));
  };
}

function refuse(response: Parameters<RequestHandler>[1], status: number, problem: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain");
  response.end(`${problem}\n`);
}
