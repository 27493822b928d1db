{{- define "stillpoint.name" -}}
{{- if contains "stillpoint" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-stillpoint{{ end }}
{{- end }}

{{/* Takes {root, process}. */}}
{{- define "stillpoint.selector" -}}
app.kubernetes.io/name: stillpoint
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .process }}
{{- end }}

{{- define "stillpoint.labels" -}}
{{ include "stillpoint.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* What Pod Security "restricted" asks for, and more. */}}
{{- define "stillpoint.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "stillpoint.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "stillpoint.image" -}}
{{ required "image: name the image of Stillpoint, such as registry.example/stillpoint-worker:0.1.0" .Values.image }}
{{- end }}

{{/* How worker and controller reach Temporal: the variables of the temporal CLI. */}}
{{- define "stillpoint.temporalEnvironment" -}}
- { name: TEMPORAL_ADDRESS, value: {{ required "temporal.address: name host and port of Temporal's frontend" .Values.temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }} }
{{- with .Values.temporal.tls }}
{{- if .enabled }}
- { name: TEMPORAL_TLS, value: 'true' }
{{- with .serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ . | quote }} }
{{- end }}
{{- if and .secret .authority }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /temporal/ca.crt }
{{- end }}
{{- if and .secret .clientCertificate }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /temporal/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /temporal/tls.key }
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.temporal.apiKey }}
{{- if .secret }}
- name: TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .secret | quote }}, key: {{ .key | quote }} } }
{{- end }}
{{- end }}
{{- end }}

{{- define "stillpoint.temporalTlsSecret" -}}
{{- if .Values.temporal.tls.enabled }}{{ .Values.temporal.tls.secret }}{{ end }}
{{- end }}
