/** The Configuration Manager's side of the mock. */
export class Manager {
  answer(_method: string, _path: string, _body: Record<string, unknown>, _url: URL): unknown {
    return {};
  }
}
