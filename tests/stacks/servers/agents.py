"""The back end "agents": python-socketio under uvicorn, on a free port; `agents.py <seconds between progress>`."""

import asyncio
import hashlib
import json
import socket
import sys
from datetime import datetime, timezone
from urllib.parse import parse_qs
from uuid import uuid4

import socketio
import uvicorn

EVERY_SECONDS = float(sys.argv[1])
MEMBERS = {"red": {"ada", "bob"}, "blue": {"bob"}}

sio = socketio.AsyncServer(
    async_mode="asgi", cors_allowed_origins="*", ping_timeout=60, ping_interval=25
)


def hash_of(user):
    return hashlib.sha256(f"the secret of the tests, {user}".encode()).hexdigest()


@sio.event
async def connect(sid, environ):
    [token] = parse_qs(environ.get("QUERY_STRING", "")).get("token", [""])
    user, _, given = token.partition(":")
    if given != hash_of(user):
        raise socketio.exceptions.ConnectionRefusedError("unauthorized")
    await sio.save_session(sid, {"user": user})


@sio.event
async def subscribe_project(sid, data):
    project = data.get("project_id") if isinstance(data, dict) else None
    if (await sio.get_session(sid))["user"] not in MEMBERS.get(project, ()):
        await sio.emit("error", {"message": f"you are no member of {project}"}, to=sid)
        return
    await sio.enter_room(sid, project)


@sio.event
async def unsubscribe_project(sid, data):
    await sio.leave_room(sid, data["project_id"])


class Job:
    """Tells its project how it is; of its progress only so often, and the last of it always."""

    def __init__(self, id, project):
        self.id, self.project, self.told_at = id, project, None

    async def run(self, steps):
        await self.status("queued")
        await self.status("running")
        for step in range(1, steps + 1):
            await self.progress(round(100 * step / steps))
        await self.status("success", result={"steps": steps})

    async def status(self, status, result=None, error=None):
        fields = {"status": status, "event": "status_change", "result": result, "error": error}
        await self.tell("agent_status", fields)

    async def progress(self, progress):
        now = asyncio.get_running_loop().time()
        is_early = self.told_at is not None and now - self.told_at < EVERY_SECONDS
        if is_early and progress < 100:
            return
        self.told_at = now
        await self.tell("agent_progress", {"progress": progress, "event": "progress_update"})

    async def tell(self, event, fields):
        timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        payload = {"job_id": self.id, **fields, "timestamp": timestamp.replace("+00:00", "Z")}
        await sio.emit(event, payload, room=self.project)


async def rest(scope, receive, send):
    """`POST /api/agents/jobs` starts a job, and `POST /api/agents/cut` ends every connection as a network does."""
    body = b""
    while (message := await receive()).get("more_body") or not body:
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    answer = await post(scope["path"], json.loads(body or b"{}"))
    headers = [(b"content-type", b"application/json"), (b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


running = set()


async def post(path, wanted):
    if path.endswith("/cut"):
        for session in list(sio.eio.sockets.values()):
            await session.close(wait=False, abort=True)
        return {}
    # That somebody else chooses the id is not of the contract: it can be followed from its start then.
    job = Job(wanted.get("job_id") or str(uuid4()), wanted["project_id"])
    task = asyncio.create_task(job.run(wanted.get("steps", 10)))
    running.add(task)
    task.add_done_callback(running.discard)
    return {"job_id": job.id}


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(socketio.ASGIApp(sio, rest), log_level="warning")
    await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
