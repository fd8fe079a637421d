/** How a client proves who it is, and makes sure whom it talks to. */
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";

import { checkedName, invalid, typeName } from "../arguments.js";

/** What TLS needs, in PEM: the contents of the files, not their names. */
export interface TlsOptions {
  /** Who has signed the server's certificate. Left out: whom Node trusts. */
  ca?: Uint8Array | string | undefined;
  /** The client's own certificate, where the server asks for one. */
  cert?: Uint8Array | string | undefined;
  /** The key of that. */
  key?: Uint8Array | string | undefined;
}

/**
 * Gives gRPC's credentials; throws an InvalidRequestError.
 *
 * @param tls - What TLS needs; true: nothing but TLS; undefined: no TLS.
 */
export function channelCredentials(tls: TlsOptions | boolean | undefined): ChannelCredentials {
  if (tls === undefined || tls === false) return credentials.createInsecure();
  if (tls === true) return credentials.createSsl();
  if (typeof tls !== "object") throw invalid("tls", `must be an object, not ${typeName(tls)}`);
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(cert === undefined ? "tls.cert" : "tls.key", "is required with the other");
  }
  const files = [pem("ca", ca), pem("key", key), pem("cert", cert)] as const;
  try {
    return credentials.createSsl(...files);
  } catch (error) {
    if (error instanceof Error) throw invalid("tls", error.message);
    throw error;
  }
}

/**
 * Gives a bearer token that may be sent; throws an InvalidRequestError.
 *
 * @param token - The token.
 * @param target - Where it goes.
 * @param secure - Whether that is by TLS.
 */
export function checkedToken(token: unknown, target: string, secure: boolean): string {
  const text = checkedName("token", token);
  if (!/^[\x21-\x7e]+$/.test(text))
    throw invalid("token", "must be printable ASCII, without spaces");
  if (!secure && !isLoopback(target)) {
    throw invalid("token", `would be readable on its way to ${target}: it needs tls`);
  }
  return text;
}

function isLoopback(target: string): boolean {
  const address = target.replace(/^(dns:(\/\/\/)?|ipv4:|ipv6:)/, "");
  return /^(unix:|localhost:\d|127(\.\d+){3}:\d|\[::1\]:\d)/.test(address);
}

function pem(name: string, content: unknown): Buffer | null {
  if (content === undefined) return null;
  if (typeof content === "string" || content instanceof Uint8Array) {
    const bytes = Buffer.from(content);
    if (bytes.includes("-----BEGIN")) return bytes;
  }
  throw invalid(`tls.${name}`, "must be PEM: the content of the file, not its name");
}
