import { feathers } from '@feathersjs/feathers';
import socketio from '@feathersjs/socketio';

/** Messages are not stored, only sent on. */
class Messages {
  async create({ text }) {
    return { text, createdAt: Date.now() };
  }
}

const app = feathers();
app.configure(socketio());
app.use('messages', new Messages(), { methods: ['create'] });
app.on('connection', (connection) => app.channel('everybody').join(connection));
app.publish(() => app.channel('everybody'));

await app.listen(Number(process.env.PORT ?? 3000));
