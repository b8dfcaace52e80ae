"""Whether the camera gives a frame."""

from agent.cameras.registry import camera_of
from agent.clock import SystemClock
from agent.doctor.finding import Finding, Skipped, failed, note, ok
from agent.doctor.patient import Patient
from agent.errors import CameraError
from agent.settings.camera import CameraTable

_TAKEN = ("busy", "in use", "another process", "acquire")  # as drivers and libcamera say it


def camera(patient: Patient) -> Finding:
    """It is opened, gives a frame, and is let go."""
    if not patient.settings.with_pictures:
        raise Skipped("no sensor has pictures")
    table = _used(patient.settings.camera)
    try:
        width, height = _frame(table)
    except CameraError as error:
        return _without_frame(patient, table, error)
    return ok(f"{table.kind or 'picamera2'} gives frames of {width}x{height}")


def _used(table: CameraTable) -> CameraTable:
    """As the agent uses it: where all is replaced by a picture, the camera is not opened."""
    if table.privacy != "replace":
        return table
    return table.model_copy(update={"kind": "still", "path": table.fallback})


def _frame(table: CameraTable) -> tuple[int, int]:
    """Its width and height."""
    camera = camera_of(table, SystemClock())
    try:
        camera.open()
        height, width, _ = camera.capture(table.timeout_s).pixels.shape
    finally:
        camera.close()
    return width, height


def _without_frame(patient: Patient, table: CameraTable, error: CameraError) -> Finding:
    agents = [str(agent.pid) for agent in patient.agents]
    if agents and any(word in str(error).lower() for word in _TAKEN):
        return note(f"the running agent has it (process {', '.join(agents)}): {error}")
    if table.kind is None:
        said = f"there is none ({error}); pictures show a test card"
        return note(said, "attach one, or name what is to be shown in [camera] kind")
    if table.fallback is not None:
        return note(f"{error}; the fallback is shown")
    return failed(f"{table.kind}: {error}", "[camera] fallback lets it play without")
