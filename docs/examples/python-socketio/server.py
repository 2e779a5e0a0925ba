import os

import socketio
from aiohttp import web

sio = socketio.AsyncServer(async_mode="aiohttp")
app = web.Application()
sio.attach(app)


@sio.event
async def connect(sid, environ, auth):
    if not auth or auth.get("token") != "secret":
        raise socketio.exceptions.ConnectionRefusedError("wrong token")


@sio.event
async def join(sid, room):
    sio.enter_room(sid, room)
    return {"ok": True}


@sio.event
async def say(sid, room, text):
    await sio.emit("said", {"room": room, "text": text}, room=room)


@sio.event
async def echo(sid, text):
    return text


web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "3000")), print=None)
