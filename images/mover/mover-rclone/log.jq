# Reads rclone's JSON log as it comes: statistics become lines of progress, and at the end a summary and the lines
# that VolSync keeps; everything else becomes text, at most 100 lines of it. $statistics says whether they matter.
def entry:
  (fromjson? | objects | select(has("msg"))) // { level: "", msg: sub("^[0-9/]{10} [0-9:]{8} "; "") };
def text:
  ({ error: "ERROR: ", warning: "NOTICE: ", info: "INFO: ", debug: "DEBUG: " }[.level] // "")
  + (if (.object // "") == "" then "" else .object + ": " end)
  + (.msg | gsub("\\s*\n\\s*"; " "));
def progress:
  {
    message_type: "status",
    seconds_elapsed: (.elapsedTime | floor),
    percent_done: (if .totalBytes > 0 then .bytes / .totalBytes else 0 end),
    total_files: .totalTransfers,
    files_done: .transfers,
    total_bytes: .totalBytes,
    bytes_done: .bytes,
    bytes_per_second: (.speed | floor),
    total_checks: .totalChecks,
    checks_done: .checks
  }
  + (if .eta then { seconds_remaining: .eta } else {} end);
def summary:
  {
    message_type: "summary",
    data_added: .bytes,
    files_transferred: .transfers,
    files_checked: .checks,
    files_deleted: .deletes,
    directories_deleted: .deletedDirs,
    errors: .errors,
    total_duration: .elapsedTime
  }
  + (if .lastError then { last_error: .lastError } else {} end);
def kept: split("\n")[] | select(test("^(Transferred|Errors|Checks|Deleted|Renamed|Elapsed time):"));
def last_words: [
  (select(.statistics) | (.statistics | summary | tojson), (.words | kept)),
  (select(.hidden > 0) | "NOTICE: \(.hidden) more lines of rclone are not shown")
];

foreach (inputs, null) as $line ({ shown: 0, hidden: 0 };
  if $line == null then .tell = last_words
  else
    ($line | entry) as $entry
    | if $entry.stats and ($statistics | not) then .tell = []
      elif $entry.stats then
        .statistics = $entry.stats | .words = $entry.msg | .tell = [$entry.stats | progress | tojson]
      elif .shown < 100 then .shown += 1 | .tell = [$entry | text]
      else .hidden += 1 | .tell = []
      end
  end;
  .tell[])
