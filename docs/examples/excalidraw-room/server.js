// The events of excalidraw-room, which sends encrypted drawings on to the others in a room.
import { Server } from 'socket.io';

const io = new Server(Number(process.env.PORT ?? 3000));

io.on('connection', (socket) => {
  socket.emit('init-room');
  socket.on('join-room', async (room) => {
    await socket.join(room);
    const members = [...(io.sockets.adapter.rooms.get(room) ?? [])];
    if (members.length === 1) socket.emit('first-in-room');
    else socket.to(room).emit('new-user', socket.id);
    io.in(room).emit('room-user-change', members);
  });
  socket.on('server-broadcast', (room, encrypted, iv) => {
    socket.to(room).emit('client-broadcast', encrypted, iv);
  });
  socket.on('server-volatile-broadcast', (room, encrypted, iv) => {
    socket.volatile.to(room).emit('client-broadcast', encrypted, iv);
  });
});
