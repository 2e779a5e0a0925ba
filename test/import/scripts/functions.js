export function setUp(context, _events, done) {
  context.auth = { token: 'secret' };
  done();
}

export function leaveNote(_context, _events, done) {
  done();
}
