import type { Link } from '../plan/link.ts';

/** Bytes that leave a link together, and when. */
export interface LinkPiece {
  readonly bytes: Buffer;
  readonly dueNs: number;
}

/** With a bandwidth, bytes leave in pieces of what it carries in this time, and not in one lump at the end. */
const PIECE_MS = 10;
/** The payload of one TCP segment over Ethernet: no piece is smaller. */
const SEGMENT_BYTES = 1448;

export interface LinkScheduleOptions {
  readonly link: Link;
  /** When the connection was opened, on the clock that all times are read from. */
  readonly openedNs: number;
  /** From when on bytes are carried. */
  readonly fromNs: number;
  /** Uniform from 0 to below 1. */
  readonly random: () => number;
}

/**
 * Decides when the bytes of one direction of one connection leave its link. Their order is kept.
 *
 * Bytes first pass the bandwidth, one after the other (a token bucket that holds no tokens), then take the delay. The
 * jitter of what was read together is drawn once, uniformly. What would overtake earlier bytes leaves with them.
 */
export class LinkSchedule {
  readonly #link: Link;
  readonly #openedNs: number;
  readonly #random: () => number;
  readonly #pieceBytes: number;
  /** When the bandwidth is free again. */
  #freeNs: number;
  #lastDueNs = Number.NEGATIVE_INFINITY;

  constructor({ link, openedNs, fromNs, random }: LinkScheduleOptions) {
    this.#link = link;
    this.#openedNs = openedNs;
    this.#random = random;
    this.#freeNs = fromNs;
    const perPiece = link.rateBps === null ? Number.POSITIVE_INFINITY : (link.rateBps / 8) * (PIECE_MS / 1e3);
    this.#pieceBytes = link.sliceBytes ?? Math.max(SEGMENT_BYTES, Math.floor(perPiece));
  }

  /** Splits what arrived at `nowNs` into pieces. Their times ascend, also over several calls. */
  pieces(bytes: Buffer, nowNs: number): LinkPiece[] {
    const { sliceDelayMs } = this.#link;
    const delayNs = this.#drawDelayNs();
    const pieces: LinkPiece[] = [];
    for (let from = 0; from < bytes.length; from += this.#pieceBytes) {
      const piece = bytes.subarray(from, from + this.#pieceBytes);
      const gapNs = from === 0 ? 0 : sliceDelayMs * 1e6;
      pieces.push({ bytes: piece, dueNs: this.#leaveAt(piece.length, nowNs, delayNs, gapNs) });
    }
    return pieces;
  }

  /** When the end of the stream leaves the link, if it arrived at `nowNs`. */
  endNs(nowNs: number): number {
    return this.#leaveAt(0, nowNs, this.#drawDelayNs(), 0);
  }

  /** How many bytes wait for the bandwidth. */
  waitingBytes(nowNs: number): number {
    const { rateBps } = this.#link;
    return rateBps === null ? 0 : (Math.max(0, this.#freeNs - nowNs) / 1e9) * (rateBps / 8);
  }

  #drawDelayNs(): number {
    const { latencyMs, jitterMs } = this.#link;
    return (latencyMs + (jitterMs === 0 ? 0 : jitterMs * (2 * this.#random() - 1))) * 1e6;
  }

  #leaveAt(count: number, nowNs: number, delayNs: number, gapNs: number): number {
    const { rateBps } = this.#link;
    const carryNs = rateBps === null ? 0 : ((count * 8) / rateBps) * 1e9;
    this.#freeNs = Math.max(nowNs, this.#freeNs) + carryNs;
    const dueNs = Math.max(this.#freeNs + delayNs, this.#lastDueNs + gapNs);
    this.#lastDueNs = this.#afterStall(dueNs);
    return this.#lastDueNs;
  }

  /** What is due during a stall leaves at its end. */
  #afterStall(dueNs: number): number {
    const { stall } = this.#link;
    if (stall === null) return dueNs;
    const startNs = this.#openedNs + stall.afterMs * 1e6;
    const endNs = startNs + stall.forMs * 1e6;
    return dueNs >= startNs && dueNs < endNs ? endNs : dueNs;
  }
}
