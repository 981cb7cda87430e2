# The bot as an image: what it needs is installed from the lock, by hash, in a first stage; the second holds only that.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/jobsbot
COPY requirements.lock ./
RUN /opt/jobsbot/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN /opt/jobsbot/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-log-init --create-home --home-dir /var/lib/jobsbot jobsbot
COPY --from=build /opt/jobsbot /opt/jobsbot
# What is set here wins over bot.toml. The health check below asks port 8080.
ENV PATH=/opt/jobsbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    JOBSBOT_CONFIG=/etc/jobsbot/bot.toml \
    JOBSBOT_STORE__URL=sqlite:////var/lib/jobsbot/state.db \
    JOBSBOT_SERVER__LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /var/lib/jobsbot
VOLUME /var/lib/jobsbot
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["jobsbot"]
CMD ["run"]
