/** What a database has when a test gets it: nothing, or the tables of every service. */
export type DatabaseContent = 'empty' | 'migrated';

/** A real server of its own for some tests. */
export interface TestServer {
  url: string;
  /** Kills it as `kill -9` does; it is started again at once, at the same address with the same data. Resolves then. */
  kill: () => Promise<void>;
  /** Stops its processes where they are: it takes connections and says nothing. */
  freeze: () => Promise<void>;
  /** Lets it go on after `freeze`. */
  thaw: () => Promise<void>;
  /** Of its process on this machine; a container has none here. */
  pid?: () => number;
  /** Stops it; its data stays. */
  pause: () => Promise<void>;
  /** Kills it as `kill -9` does; it stays down until `resume`. */
  crash: () => Promise<void>;
  /** Starts it again after `pause` or `crash`, at the same address with the same data. */
  resume: () => Promise<void>;
  /** Stops it for good and removes its data. */
  stop: () => Promise<void>;
}

/** A nats-server that can lose its store. */
export interface TestNats extends TestServer {
  /** Where it tells about itself. */
  monitoringUrl: string;
  /** Removes everything that JetStream keeps. Only while the server is down. */
  wipe: () => Promise<void>;
}
