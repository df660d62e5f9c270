"""python-socketio as its documentation sets it up: ASGI under uvicorn, on a free port."""

import asyncio
import socket

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@sio.event
async def connect(sid, environ, auth):
    if auth and auth.get("refuse"):
        raise socketio.exceptions.ConnectionRefusedError("not for you", {"code": 7})
    await sio.save_session(sid, {"auth": auth})


@sio.event
async def echo(sid, *args):
    return args


@sio.event
async def bounce(sid, *args):
    await sio.emit("bounced", args, to=sid)


@sio.event
async def transport(sid):
    return sio.transport(sid)


@sio.on("whoami")
async def whoami(sid):
    return (await sio.get_session(sid))["auth"]


@sio.on("ask me")
async def ask_me(sid, *args):
    answer = await sio.call("question", args, to=sid, timeout=5)
    await sio.emit("answered", answer, to=sid)


@sio.event
async def leave(sid):
    await sio.disconnect(sid)


class Admin(socketio.AsyncNamespace):
    """A namespace of its own."""

    async def on_connect(self, sid, environ, auth):
        if auth != {"token": "admin"}:
            raise socketio.exceptions.ConnectionRefusedError("admins only")

    async def on_where(self, sid):
        return "/admin"


sio.register_namespace(Admin("/admin"))


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(socketio.ASGIApp(sio), log_level="warning")
    await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
