/**
 * Functions for `config.processor`. They measure what Artillery's engines do not: deliveries of a broadcast at every
 * user, and round trips over the engines `ws` and `socketio-v3`.
 *
 * Times are differences of CLOCK_MONOTONIC, which all worker threads share, in milliseconds. All users must run on one
 * machine.
 */

const nowNs = () => process.hrtime.bigint();
const millisecondsSince = (startNs) => Number(nowNs() - BigInt(startNs)) / 1e6;

/** Sets the variable `message` to a message that holds the time at which it is sent. */
export function stampMessage(context, _events, next) {
  context.vars.message = String(nowNs());
  next();
}

/**
 * Counts each `receive_message` that this user receives from now on as `broadcast.deliveries`, and records the time
 * since {@link stampMessage} as `broadcast.delivery_time`.
 */
export function recordDeliveries(context, events, next) {
  const record = (message) => {
    events.emit('counter', 'broadcast.deliveries', 1);
    events.emit('histogram', 'broadcast.delivery_time', millisecondsSince(message));
  };
  if (context.ws === undefined) {
    context.sockets[''].on('receive_message', record);
  } else {
    context.ws.on('message', (frame) => {
      const { event, data } = JSON.parse(frame);
      if (event === 'receive_message') record(data);
    });
  }
  next();
}

/** Starts the time of a round trip, which {@link endRoundTrip} records. */
export function startRoundTrip(context, _events, next) {
  context.vars.roundTripStart = nowNs();
  next();
}

/** Records the time since {@link startRoundTrip} as `ack.round_trip`. */
export function endRoundTrip(context, events, next) {
  events.emit('histogram', 'ack.round_trip', millisecondsSince(context.vars.roundTripStart));
  next();
}

/**
 * Ends the wait of a `match` of the engine `ws`. Artillery keeps waiting, and exits with code 11 ("Callback was already
 * called") when a second message comes before the next `send`.
 */
export function endMatch(context, _events, next) {
  context.ws.onmessage = undefined;
  next();
}
