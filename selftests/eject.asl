// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware of eject.sh: a memory device, and a container with another one, in
 * RAM that the kernel was told to leave alone. Reading a file of the devices
 * SHPT000n in sysfs runs a method:
 *
 * SHPT0000/sun	the memory device is there: Device Check
 * SHPT0000/hrv	the last _OST as COUNT * 1000000 + SOURCE * 1000 + STATUS
 * SHPT0001/sun	the container is there: Device Check
 * SHPT0001/hrv	Bus Check of the container
 * SHPT0002/sun	the next _EJ0 fails
 * SHPT0002/hrv	the next _EJ0 does nothing and succeeds
 * SHPT0003/sun	the memory device is gone: Device Check
 * SHPT0003/hrv	Device Check of the memory in the container
 */
DefinitionBlock ("", "SSDT", 2, "SHPT", "EJECT", 1)
{
	Scope (\_SB)
	{
		Name (MSTA, 0)
		Name (CSTA, 0)
		Name (OCNT, 0)
		Name (OLST, 0)
		Name (EMOD, 0)

		Method (OSTS, 2)
		{
			// Not "in progress"
			If (Arg1 != 0x84)
			{
				OCNT++
				OLST = Arg0 * 1000 + Arg1
			}
		}

		// Does the device go?
		Method (GOES)
		{
			Local0 = EMOD
			EMOD = 0
			If (Local0 == 1)
			{
				Local1 = 0
				Local0 = Local0 / Local1
			}
			Return (Local0 != 2)
		}

		Device (MEM0)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x100)
			Name (_CRS, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x40000000, 0x4FFFFFFF, 0, 0x10000000)
			})
			Method (_STA)
			{
				Return (MSTA)
			}
			Method (_EJ0, 1)
			{
				If (GOES ())
				{
					MSTA = 0
				}
			}
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}
		}

		Device (MOD0)
		{
			Name (_HID, "ACPI0004")
			Name (_UID, 0x10)
			Method (_STA)
			{
				Return (CSTA)
			}
			Method (_EJ0, 1)
			{
				If (GOES ())
				{
					CSTA = 0
				}
			}
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}

			Device (MEM1)
			{
				Name (_HID, EisaId ("PNP0C80"))
				Name (_UID, 0x101)
				Name (_CRS, ResourceTemplate ()
				{
					QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
						0, 0x50000000, 0x57FFFFFF, 0, 0x08000000)
				})
				Method (_STA)
				{
					Return (CSTA)
				}
				Method (_OST, 3)
				{
					OSTS (Arg0, Arg1)
				}
			}
		}

		Device (SHP0)
		{
			Name (_HID, "SHPT0000")
			Method (_SUN)
			{
				MSTA = 0x0F
				Notify (MEM0, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Return (OCNT * 1000000 + OLST)
			}
		}

		Device (SHP1)
		{
			Name (_HID, "SHPT0001")
			Method (_SUN)
			{
				CSTA = 0x0F
				Notify (MOD0, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Notify (MOD0, 0)
				Return (0)
			}
		}

		Device (SHP2)
		{
			Name (_HID, "SHPT0002")
			Method (_SUN)
			{
				EMOD = 1
				Return (0)
			}
			Method (_HRV)
			{
				EMOD = 2
				Return (0)
			}
		}

		Device (SHP3)
		{
			Name (_HID, "SHPT0003")
			Method (_SUN)
			{
				MSTA = 0
				Notify (MEM0, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Notify (^^MOD0.MEM1, 1)
				Return (0)
			}
		}
	}
}
