"""The endpoint of seed 003: sessions in memory, a signed token as the secret. No database, no upstream."""

import secrets
import time

import jwt
from fastapi import FastAPI
from pydantic import BaseModel

SECRET = secrets.token_hex(32)
LIFETIME = 3600

app = FastAPI()
sessions: dict[str, dict] = {}


class CreateSession(BaseModel):
    userId: str = "anonymous"
    workflowId: str = "wf_demo"
    metadata: dict = {}


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}


@app.post("/api/chatkit/session")
async def create_session(asked: CreateSession):
    session_id = f"session_{secrets.token_hex(16)}"
    expires_at = int(time.time()) + LIFETIME
    token = jwt.encode(
        {"session_id": session_id, "sub": asked.userId, "workflow_id": asked.workflowId, "exp": expires_at},
        SECRET,
        algorithm="HS256",
    )
    sessions[session_id] = {"user": asked.userId, "workflow": asked.workflowId, "expires_at": expires_at}
    return {
        "client_secret": token,
        "session_token": token,
        "session_id": session_id,
        "user_id": asked.userId,
        "workflow_id": asked.workflowId,
        "expires_at": expires_at,
        "metadata": asked.metadata,
    }
