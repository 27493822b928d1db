{{/*
One process: its account, role, Deployment and budget. Takes {root, process} and, of a worker of a version, {version}.
Nobody is a leader: any number of replicas work side by side.
*/}}
{{- define "stillpoint.deployment" -}}
{{- $root := .root }}
{{- $process := .process }}
{{- $values := index $root.Values $process }}
{{- $name := printf "%s-%s" (include "stillpoint.name" $root) $process }}
{{- $temporal := ne $process "guard" }}
{{- $tls := and $temporal (include "stillpoint.temporalTlsSecret" $root) }}
{{- $version := .version | default dict }}
{{- $buildId := $version.buildId | default (index $values "buildId") }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}{{ with $version.buildId }}-{{ . | lower | replace "." "-" | replace "_" "-" | replace "+" "-" }}{{ end }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "stillpoint.labels" . | nindent 4 }}
spec:
  replicas: {{ $values.replicas }}
  selector:
    matchLabels:
      {{- include "stillpoint.selector" . | nindent 6 }}
      stillpoint.dev/version: {{ $version.buildId | default "current" | quote }}
  template:
    metadata:
      labels:
        {{- include "stillpoint.labels" . | nindent 8 }}
        stillpoint.dev/version: {{ $version.buildId | default "current" | quote }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ $process }}
        {{- with $values.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ $name }}
      # What is evicted with a node is spread over several, where there are several.
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "stillpoint.selector" . | nindent 14 }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # Longer than STILLPOINT_SHUTDOWN_GRACE.
      terminationGracePeriodSeconds: 30
      securityContext:
        {{- include "stillpoint.podSecurity" $root | nindent 8 }}
      containers:
        - name: {{ $process }}
          image: {{ $version.image | default (include "stillpoint.image" $root) | quote }}
          imagePullPolicy: {{ $root.Values.imagePullPolicy }}
          args: [{{ $process }}]
          env:
            - { name: STILLPOINT_METRICS_HOST, value: 0.0.0.0 }
            - { name: STILLPOINT_METRICS_PORT, value: '9464' }
            {{- if ne $process "controller" }}
            - { name: STILLPOINT_FREEZE_BOUND, value: {{ $root.Values.freezeBound | quote }} }
            {{- end }}
            {{- if $temporal }}
            {{- include "stillpoint.temporalEnvironment" $root | nindent 12 }}
            {{- end }}
            {{- if eq $process "worker" }}
            - { name: STILLPOINT_MOVER_IMAGE, value: {{ required "moverImage: name the image of the movers, such as registry.example/stillpoint-mover:0.1.0" $root.Values.moverImage | quote }} }
            - { name: STILLPOINT_SDK_METRICS_ADDRESS, value: '0.0.0.0:9465' }
            {{- with $buildId }}
            - { name: STILLPOINT_BUILD_ID, value: {{ . | quote }} }
            {{- end }}
            {{- end }}
            {{- range $key, $value := $values.settings }}
            - { name: {{ $key }}, value: {{ $value | quote }} }
            {{- end }}
          ports:
            - { name: metrics, containerPort: 9464 }
            {{- if eq $process "worker" }}
            - { name: sdk-metrics, containerPort: 9465 }
            {{- end }}
          startupProbe:
            httpGet: { path: /livez, port: metrics }
            periodSeconds: 2
            failureThreshold: 150
          # Never asks whether the cluster or Temporal answers: a restart does not bring them back.
          livenessProbe:
            httpGet: { path: /livez, port: metrics }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: metrics }
            periodSeconds: 5
            timeoutSeconds: 5
          securityContext:
            {{- include "stillpoint.containerSecurity" $root | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - { name: scratch, mountPath: /tmp }
            {{- if $tls }}
            - { name: temporal, mountPath: /temporal, readOnly: true }
            {{- end }}
      volumes:
        - name: scratch
          emptyDir: {}
        {{- if $tls }}
        - name: temporal
          secret: { secretName: {{ $tls | quote }} }
        {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

{{- define "stillpoint.account" -}}
{{- $name := printf "%s-%s" (include "stillpoint.name" .root) .process -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "stillpoint.labels" . | nindent 4 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels:
    {{- include "stillpoint.labels" . | nindent 4 }}
{{ .root.Files.Get (printf "rbac/%s.yaml" .process) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "stillpoint.labels" . | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $name }} }
subjects:
  - { kind: ServiceAccount, name: {{ $name }}, namespace: {{ .root.Release.Namespace }} }
{{- end }}

{{- define "stillpoint.budget" -}}
{{- $values := index .root.Values .process }}
{{- if and .root.Values.podDisruptionBudget (gt (int $values.replicas) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "stillpoint.name" .root }}-{{ .process }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "stillpoint.labels" . | nindent 4 }}
spec:
  minAvailable: 1
  # A pod that cannot work keeps no node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "stillpoint.selector" . | nindent 6 }}
{{- end }}
{{- end }}
