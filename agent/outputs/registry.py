"""Every output. A new one is a file of its own and one line here."""

from agent.outputs.file import FileOutput
from agent.outputs.mqtt import MqttOutput
from agent.outputs.output import Output

OUTPUTS: dict[str, type[Output]] = {
    "file": FileOutput,
    "mqtt": MqttOutput,
}
