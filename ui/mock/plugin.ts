/**
 * The mock server: answers the contract from fixtures, so that the pages can be worked on, photographed and checked without
 * the Go server. It is part of `vite` and `vite preview` only when MOCK=1, and never of a build.
 *
 * GET /__mock/scenario?name=… puts the world into one of scenarios.ts; every open stream gets its snapshot.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { Server } from './server.ts';

/** As strict as the real one: nothing inline, no eval, no HTML from strings. */
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export function mock(): Plugin {
  const handler = (strict: boolean): Connect.NextHandleFunction => {
    const server = new Server();
    return (req: IncomingMessage, res: ServerResponse, next: () => void) => {
      if (strict) res.setHeader('Content-Security-Policy', policy);
      if (req.url === '/') {
        res.writeHead(302, { Location: '/console/' }).end();
        return;
      }
      void server.handle(req, res).then((done) => done || next());
    };
  };
  return {
    name: 'cordboard-mock',
    apply: () => process.env.MOCK === '1',
    configureServer: (s) => void s.middlewares.use(handler(false)),
    configurePreviewServer: (s) => void s.middlewares.use(handler(true)),
  };
}
