using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Http2.Kubernetes.TarManifest;

/// <summary>
/// Reads an archive as it passes (ustar, pax, GNU's long names) and tells its files: names, sizes, digests. Nothing of it is kept but one header and one long name. What is not
/// understood to the byte (sparse files, a link with contents, anything behind the end) ends the manifest: whoever uses it then has to do without.
/// </summary>
internal sealed class TarReader(Action<TarFile> found, Func<long> clock) : IDisposable
{
    /// <summary>Bytes of a long name, or of one entry's pax records; paths end at 4096 bytes.</summary>
    private const int MostExtra = 64 * 1024;

    private readonly byte[] _block = new byte[TarHeader.Length];
    private readonly MemoryStream _extra = new();
    private IncrementalHash? _hash;
    private int _have;
    private long _left;
    private int _padding;
    private char _type;
    private string _path = "";
    private string? _longPath;
    private long? _longSize;
    private long _size;
    private long _began;
    private int _zeroBlocks;

    /// <summary>What came is no archive that is understood.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Takes the next bytes of the archive.</summary>
    /// <returns>How many of them were understood: all, unless it <see cref="IsBroken"/> now.</returns>
    public int Take(ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (!IsBroken && at < data.Length)
        {
            if (_left > 0)
            {
                int part = (int)Math.Min(_left, data.Length - at);
                Content(data.Slice(at, part));
                at += part;
            }
            else if (_padding > 0)
            {
                int part = Math.Min(_padding, data.Length - at);
                _padding -= part;
                at += part;
            }
            else
            {
                int part = Math.Min(TarHeader.Length - _have, data.Length - at);
                data.Slice(at, part).CopyTo(_block.AsSpan(_have));
                _have += part;
                at += part;
                if (_have == TarHeader.Length)
                    Header();
            }
        }

        return at;
    }

    /// <summary>The stream has ended: a file that is under way is told as far as it came.</summary>
    public void End()
    {
        if (!IsBroken && _hash is not null && _left > 0)
            found(new TarFile(_path, _size, _size - _left, null, _began));
        Dispose();
        IsBroken = true;
    }

    public void Dispose()
    {
        _hash?.Dispose();
        _hash = null;
    }

    private void Header()
    {
        _have = 0;
        if (!_block.AsSpan().ContainsAnyExcept((byte)0))
        {
            _zeroBlocks++;
            return;
        }

        // Two blocks of zeros are the end; what follows is fill, and nothing else.
        if (_zeroBlocks > 0 || !TarHeader.TryRead(_block, out TarHeader header))
        {
            IsBroken = true;
            return;
        }

        _type = header.Type;
        bool isExtra = _type is 'x' or 'g' or 'L' or 'K';
        _size = _left = isExtra ? header.Size : _longSize ?? header.Size;
        _padding = (int)(-_size & (TarHeader.Length - 1));
        if (isExtra)
        {
            IsBroken = _size is 0 or > MostExtra;
            _extra.SetLength(0);
            return;
        }

        _path = _longPath ?? header.Path;
        (_longPath, _longSize) = (null, null);
        if (_type != '0')
        {
            // Links, folders, devices: names alone. One with contents is read in different ways by different programs.
            IsBroken = _size > 0 || _type is not ('1' or '2' or '3' or '4' or '5' or '6');
            return;
        }

        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _began = clock();
        if (_size == 0)
            Whole();
    }

    private void Content(ReadOnlySpan<byte> bytes)
    {
        _left -= bytes.Length;
        if (_hash is not null)
        {
            _hash.AppendData(bytes);
            if (_left == 0)
                Whole();
            return;
        }

        _extra.Write(bytes);
        if (_left == 0)
            IsBroken = !TryTakeExtra(_extra.GetBuffer().AsSpan(0, (int)_extra.Length));
    }

    private void Whole()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _hash!.GetHashAndReset(digest);
        Dispose();
        found(new TarFile(_path, _size, _size, Convert.ToHexStringLower(digest), _began));
    }

    private bool TryTakeExtra(ReadOnlySpan<byte> bytes)
    {
        if (_type == 'L')
            _longPath = TarHeader.Text(bytes);
        return _type is 'L' or 'K' || TryTakePax(bytes, isGlobal: _type == 'g');
    }

    /// <summary>Records <c>LENGTH KEY=VALUE\n</c> (POSIX.1-2001, pax); the length counts all of it.</summary>
    private bool TryTakePax(ReadOnlySpan<byte> records, bool isGlobal)
    {
        while (!records.IsEmpty)
        {
            int blank = records.IndexOf((byte)' ');
            if (blank is < 1 or > 6 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length <= blank + 2 || length > records.Length || records[length - 1] != (byte)'\n')
                return false;
            ReadOnlySpan<byte> record = records[(blank + 1)..(length - 1)];
            records = records[length..];
            int equals = record.IndexOf((byte)'=');
            if (equals < 1 || !TryTakePair(record[..equals], record[(equals + 1)..], isGlobal))
                return false;
        }

        return true;
    }

    private bool TryTakePair(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isGlobal)
    {
        bool isPath = key.SequenceEqual("path"u8);
        bool isSize = key.SequenceEqual("size"u8);
        // Of all files at once neither makes sense; a sparse file's contents are not what its header says.
        if ((isGlobal && (isPath || isSize)) || key.StartsWith("GNU.sparse"u8))
            return false;
        if (isPath)
            _longPath = Encoding.UTF8.GetString(value);
        if (!isSize)
            return true;
        bool isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long size);
        _longSize = size;
        return isNumber;
    }
}
