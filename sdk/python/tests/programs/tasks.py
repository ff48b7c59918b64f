"""A Celery worker; the context of whoever asks travels with the task."""

import os

import httpx
from celery import Celery

import llmobserve

folder = os.environ["TEST_BROKER"]
app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": folder,
    "data_folder_out": folder,
    "control_folder": folder,
}
app.conf.worker_hijack_root_logger = False
llmobserve.observe()


@app.task
def work(exported):
    with llmobserve.import_context(exported), llmobserve.section("tool:task"):
        url = os.environ["TEST_PROVIDER_URL"] + "/v1/chat/completions"
        httpx.post(url, content=b"{}").raise_for_status()
