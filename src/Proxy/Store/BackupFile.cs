using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZstdSharp;

namespace Sallyport.Proxy.Store;

/// <summary>
/// A backup: JSON lines, compressed by zstd. The first line says what it is; then, table by table, a line with the table's name and columns and one line for each row; the
/// last line has the count of rows and the SHA-256 of all lines before it. Sealed values are in it as they are, so that the operator's key is needed with it, and is not in it.
/// </summary>
internal static class BackupFile
{
    public const string Format = "sallyport-backup";
    public const int Version = 1;

    /// <summary>Longest line, characters: a policy document of some megabytes, escaped.</summary>
    private const int Longest = 64 << 20;

    /// <summary>What the first line says.</summary>
    /// <param name="Migration">The tables' version.</param>
    internal sealed record Header(string Migration, DateTimeOffset MadeAt, string Program);

    /// <summary>Writes a new file, readable by its owner only; it has its name when it is complete.</summary>
    internal sealed class Writer : IDisposable
    {
        private readonly string _path;
        private readonly FileStream _file;
        private readonly CompressionStream _compressed;
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        /// <exception cref="IOException">It exists, or cannot be written.</exception>
        public Writer(string path)
        {
            _path = path;
            if (File.Exists(path))
                throw new IOException($"{path} exists already");
            _file = new FileStream(path + ".partial", new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            _compressed = new CompressionStream(_file, level: 9, leaveOpen: true);
        }

        public long Rows { get; private set; }

        public void Begin(Header header) => Line(json =>
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            json.WriteNumber("version", Version);
            json.WriteString("migration", header.Migration);
            json.WriteString("made", header.MadeAt);
            json.WriteString("program", header.Program);
            json.WriteEndObject();
        });

        public void Table(string name, IEnumerable<string> columns) => Line(json =>
        {
            json.WriteStartObject();
            json.WriteString("table", name);
            json.WriteStartArray("columns");
            foreach (string column in columns)
                json.WriteStringValue(column);
            json.WriteEndArray();
            json.WriteEndObject();
        });

        public void Row(IEnumerable<object?> values)
        {
            Rows++;
            Line(json =>
            {
                json.WriteStartArray();
                foreach (object? value in values)
                    Portable.Write(json, value);
                json.WriteEndArray();
            });
        }

        /// <summary>Ends the file, forces it to the disk, and gives it its name.</summary>
        public string Complete()
        {
            string digest = Convert.ToHexStringLower(_hash.GetCurrentHash());
            Line(json =>
            {
                json.WriteStartObject();
                json.WriteNumber("rows", Rows);
                json.WriteString("sha256", digest);
                json.WriteEndObject();
            });
            _compressed.Dispose();
            _file.Flush(flushToDisk: true);
            _file.Dispose();
            File.Move(_path + ".partial", _path, overwrite: false);
            return digest;
        }

        public void Dispose()
        {
            _hash.Dispose();
            _compressed.Dispose();
            _file.Dispose();
            File.Delete(_path + ".partial");
        }

        private void Line(Action<Utf8JsonWriter> write)
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
                write(json);
            buffer.GetSpan(1)[0] = (byte)'\n';
            buffer.Advance(1);
            _hash.AppendData(buffer.WrittenSpan);
            _compressed.Write(buffer.WrittenSpan);
        }
    }

    /// <summary>The lines between the first and the last, after the whole file was found to be what was written.</summary>
    internal sealed class Reader
    {
        private readonly string _path;

        /// <exception cref="StateRefusedException">It is no backup, not whole, or was changed.</exception>
        public Reader(string path)
        {
            _path = path;
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            string? before = null;
            foreach (string line in AllLines())
            {
                if (before is not null)
                    hash.AppendData(Encoding.UTF8.GetBytes(before + "\n"));
                Start ??= HeaderOf(line);
                before = line;
            }

            if (Start is null || before is null)
                throw NoBackup();
            using JsonDocument end = Parse(before);
            if (!end.RootElement.TryGetProperty("sha256", out JsonElement digest) || digest.GetString() != Convert.ToHexStringLower(hash.GetCurrentHash()))
                throw new StateRefusedException($"{path} is not whole, or was changed: its digest is wrong");
            Rows = end.RootElement.GetProperty("rows").GetInt64();
        }

        public Header Start { get; }

        public long Rows { get; }

        /// <summary>Tables' and rows' lines.</summary>
        public IEnumerable<JsonDocument> Lines()
        {
            bool first = true;
            string? before = null;
            foreach (string line in AllLines())
            {
                if (before is not null && !first)
                    yield return Parse(before);
                first = before is null;
                before = line;
            }
        }

        private Header HeaderOf(string line)
        {
            using JsonDocument json = Parse(line);
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out JsonElement format) || format.GetString() != Format)
                throw NoBackup();
            if (root.GetProperty("version").GetInt32() != Version)
                throw new StateRefusedException($"{_path} has a form that this version does not know");
            return new Header(root.GetProperty("migration").GetString()!, root.GetProperty("made").GetDateTimeOffset(), root.GetProperty("program").GetString()!);
        }

        private IEnumerable<string> AllLines()
        {
            using FileStream file = File.OpenRead(_path);
            using var text = new StreamReader(new DecompressionStream(file), new UTF8Encoding(false, throwOnInvalidBytes: true));
            while (ReadLine(text) is { } line)
                yield return line;
        }

        private string? ReadLine(StreamReader text)
        {
            try
            {
                string? line = text.ReadLine();
                return line is null || line.Length <= Longest ? line : throw NoBackup();
            }
            catch (Exception damaged) when (damaged is ZstdException or DecoderFallbackException or EndOfStreamException)
            {
                throw new StateRefusedException($"{_path} is not whole, or no backup: {damaged.Message}", damaged);
            }
        }

        private JsonDocument Parse(string line)
        {
            try
            {
                return JsonDocument.Parse(line);
            }
            catch (JsonException damaged)
            {
                throw new StateRefusedException($"{_path} is no backup", damaged);
            }
        }

        private StateRefusedException NoBackup() => new($"{_path} is no backup of this program");
    }
}
