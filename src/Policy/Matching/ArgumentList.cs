namespace Sallyport.Policy.Matching;

/// <summary>The arguments of a command, each behind a zero byte in the effect's name; walked without allocating.</summary>
internal ref struct ArgumentList
{
    private ReadOnlySpan<byte> _rest;
    private bool _more;

    /// <param name="arguments">What follows the program's zero byte.</param>
    /// <param name="any">False: the program has no argument, not even an empty one.</param>
    public ArgumentList(ReadOnlySpan<byte> arguments, bool any)
    {
        _rest = arguments;
        _more = any;
    }

    /// <summary>Takes the next argument.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryNext(out ReadOnlySpan<byte> argument)
    {
        argument = _rest;
        if (!_more)
            return false;
        int end = _rest.IndexOf((byte)0);
        _more = end >= 0;
        if (!_more)
            return true;
        argument = _rest[..end];
        _rest = _rest[(end + 1)..];
        return true;
    }
}
