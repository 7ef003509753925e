/** Tells when the network under a page changes. */

/** What of a browser is needed for that; all of it is missing somewhere. */
export interface NetworkScope {
  addEventListener?(kind: 'online', run: () => void): void;
  removeEventListener?(kind: 'online', run: () => void): void;
  navigator?: object;
}

/** The Network Information API, which Chromium has; of the kind of network (`wifi`, `cellular`) it tells on phones only. */
interface Connection extends Pick<EventTarget, 'addEventListener' | 'removeEventListener'> {
  type?: string;
}

/** Runs `run` whenever another network is there; returns what ends that. */
export function onNetworkChange(scope: NetworkScope, run: () => void): () => void {
  const connection = (scope.navigator as { connection?: Connection } | undefined)?.connection;
  let type = connection?.type;
  // It also fires whenever the browser's opinion of the speed changes.
  const changed = (): void => {
    const before = type;
    type = connection?.type;
    if (type !== before && type !== 'none') {
      run();
    }
  };
  scope.addEventListener?.('online', run);
  connection?.addEventListener('change', changed);
  return () => {
    scope.removeEventListener?.('online', run);
    connection?.removeEventListener('change', changed);
  };
}
