{{- /* The environment of a service: its options, and the files its secrets are in. */ -}}
{{- define "weir.env" -}}
{{- range $option, $value := .service.options }}
- name: {{ include "weir.variable" $option }}
  {{- if kindIs "slice" $value }}
  {{- $texts := list }}
  {{- range $value }}{{ $texts = append $texts (include "weir.text" .) }}{{ end }}
  value: {{ $texts | join ";" | quote }}
  {{- else }}
  value: {{ include "weir.text" $value | quote }}
  {{- end }}
{{- end }}
{{- range $option, $_ := .service.secrets }}
- name: {{ include "weir.variable" $option }}_FILE
  value: /etc/weir/{{ $option }}
{{- end }}
{{- end }}

{{- /* Where the files of /etc/weir come from: Secrets, ConfigMaps, the chart's own text. */ -}}
{{- define "weir.sources" -}}
{{- range $option, $from := .service.secrets }}
- secret:
    name: {{ $from.name }}
    items:
      - {key: {{ $from.key | quote }}, path: {{ $option | quote }}}
{{- end }}
{{- $fullname := include "weir.fullname" . }}
{{- range $name, $from := .service.files }}
{{- if hasKey $from "text" }}
- configMap:
    name: {{ $fullname }}
    items:
      - {key: {{ $name | quote }}, path: {{ $name | quote }}}
{{- else }}
- {{ hasKey $from "secret" | ternary "secret" "configMap" }}:
    name: {{ $from.secret | default $from.configMap }}
    items:
      - {key: {{ $from.key | quote }}, path: {{ $name | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{- /* The files given as text, as the data of a ConfigMap. */ -}}
{{- define "weir.texts" -}}
{{- range $name, $from := .service.files }}
{{- if hasKey $from "text" }}
{{ dict $name $from.text | toYaml }}
{{- end }}
{{- end }}
{{- end }}

{{- /*
A pod template. With `job` it has no admin server, so nothing to probe.
Takes root, name, service and job.
*/ -}}
{{- define "weir.pod" -}}
{{- $service := .service }}
{{- $values := .root.Values }}
{{- $sources := include "weir.sources" . | trim }}
{{- $env := include "weir.env" . | trim }}
metadata:
  labels:
    {{- include "weir.podLabels" . | trim | nindent 4 }}
    {{- with $service.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- $texts := include "weir.texts" . | trim }}
  {{- if or $texts $service.annotations }}
  annotations:
    {{- /* New texts, new pods. */}}
    {{- with $texts }}
    weir/files: {{ sha256sum . }}
    {{- end }}
    {{- with $service.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  # Links would put WEIR_..._PORT and its like among the options.
  enableServiceLinks: false
  automountServiceAccountToken: false
  {{- if .job }}
  restartPolicy: Never
  {{- end }}
  terminationGracePeriodSeconds: {{ add $service.stopSeconds $service.preStopSeconds 5 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  {{- with $values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- if and $service.spread (not .job) }}
  topologySpreadConstraints:
    {{- range $service.spread }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "weir.selector" $ | trim | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with $service.pod }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  containers:
    - name: {{ $service.program }}
      image: "{{ $values.image.repository }}/{{ $service.program }}:{{ $service.tag }}"
      imagePullPolicy: {{ $values.image.pullPolicy }}
      env:
        {{- if not .job }}
        - name: WEIR_ADMIN
          value: "0.0.0.0:{{ include "weir.adminPort" . }}"
        - name: WEIR_STOP_TIMEOUT
          value: "{{ $service.stopSeconds }}s"
        {{- end }}
        {{- $env | nindent 8 }}
      {{- if not .job }}
      ports:
        - name: admin
          containerPort: {{ include "weir.adminPort" . }}
        {{- range $port, $number := $service.ports }}
        - name: {{ $port }}
          containerPort: {{ $number }}
        {{- end }}
      startupProbe:
        httpGet: {path: /healthz, port: admin}
        {{- toYaml $service.probes.startup | nindent 8 }}
      # Alive is not ready: without its brokers a service waits, and a restart would not help.
      livenessProbe:
        httpGet: {path: /healthz, port: admin}
        {{- toYaml $service.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        {{- toYaml $service.probes.readiness | nindent 8 }}
      {{- with $service.preStopSeconds }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ . }}}
      {{- end }}
      {{- end }}
      resources:
        {{- toYaml $service.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      {{- if $sources }}
      volumeMounts:
        - {name: files, mountPath: /etc/weir, readOnly: true}
      {{- end }}
  {{- if $sources }}
  volumes:
    - name: files
      projected:
        defaultMode: 0440
        sources:
          {{- $sources | nindent 10 }}
  {{- end }}
{{- end }}
