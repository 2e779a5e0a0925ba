import asyncio
import json
import os

import websockets

members = set()


async def serve(socket):
    members.add(socket)
    try:
        await socket.send(json.dumps({"type": "ready"}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong", "seq": message["seq"]}))
            else:
                websockets.broadcast(members, json.dumps({"type": "update", "body": message["body"]}))
    finally:
        members.remove(socket)


async def main():
    async with websockets.serve(serve, "127.0.0.1", int(os.environ.get("PORT", "3000"))):
        await asyncio.Future()


asyncio.run(main())
